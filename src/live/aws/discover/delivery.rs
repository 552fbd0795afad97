//! What the services are made by and run with: repositories from images, the pipeline from its deploy action, roles, secrets and log group from
//! the task definitions. Called by `discover`.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_codepipeline::types as sdk;

use super::{Search, names};
use crate::aws::convert::text;
use crate::aws::error::problem_of;
use crate::aws::op::{Op, Scope};
use crate::aws::page;
use nextcore_core::model::service::{Services, TaskDefinition, TaskDefinitions};
use nextcore_core::model::stack::{Named, RoleUse, SecretUse};

const PIPELINES: Op = Op::read("CodePipeline", "ListPipelines", "codepipeline:ListPipelines").on(Scope::Any);
const PIPELINE: Op = Op::read("CodePipeline", "GetPipeline", "codepipeline:GetPipeline").on(Scope::Any);
const PROJECTS: Op = Op::read("CodeBuild", "BatchGetProjects", "codebuild:BatchGetProjects").on(Scope::Any);
const SECRET: Op = Op::read("Secrets Manager", "DescribeSecret", "secretsmanager:DescribeSecret").on(Scope::Any);

pub(super) const READS: &[Op] = &[PIPELINES, PIPELINE, PROJECTS, SECRET];

/// Pipelines that are looked into.
const MOST: usize = 50;

/// The repository of an image in ECR, and whether it is one of the account and region of this task definition: no other is asked about.
fn repository(image: &str, definition: &str) -> Option<(String, bool)> {
    let (registry, rest) = image.split_once('/')?;
    let name = rest.split(['@', ':']).next().filter(|n| !n.is_empty())?;
    let (account, place) = registry.split_once(".dkr.ecr")?;
    let mut arn = definition.split(':').skip(3);
    let (region, own) = (arn.next()?, arn.next()?);
    // `.dkr.ecr.REGION.amazonaws.com`, with `-fips` before it where that was chosen.
    let here = place.trim_start_matches("-fips").split('.').nth(1) == Some(region);
    Some((name.to_owned(), account == own && here))
}

fn role_name(arn: &str) -> String {
    text(arn.rsplit('/').next())
}

impl Search<'_> {
    pub(super) async fn delivery(&mut self) {
        let definitions = self.definitions();
        self.repositories(&definitions);
        self.log_group(&definitions);
        self.secrets(&definitions).await;
        let builders = self.pipeline().await;
        self.roles(&definitions, builders);
    }

    /// What each service runs, in the order of the services.
    fn definitions(&self) -> Vec<(usize, TaskDefinition)> {
        let (Some(services), Some(all)) = (self.store.get::<Services>(), self.store.get::<TaskDefinitions>()) else { return Vec::new() };
        let of = |name: &str| all.definitions.get(&services.get(name)?.task_definition).cloned();
        self.found.stack.services.iter().enumerate().filter_map(|(i, spec)| Some((i, of(&spec.name)?))).collect()
    }

    fn repositories(&mut self, definitions: &[(usize, TaskDefinition)]) {
        let (mut seen, mut elsewhere) = (BTreeSet::new(), BTreeSet::new());
        for (index, definition) in definitions {
            let all = definition.images.iter().filter_map(|(_, image)| repository(image, &definition.arn));
            let (own, foreign): (Vec<_>, Vec<_>) = all.partition(|(_, own)| *own);
            elsewhere.extend(foreign.into_iter().map(|(name, _)| name));
            for name in own.into_iter().map(|(name, _)| name).filter(|n| seen.insert(n.clone())) {
                let Some(role) = self.found.stack.services.get(*index).map(|s| s.role.clone()) else { continue };
                self.found.stack.repositories.push(Named { name, role });
            }
        }
        let all: Vec<&str> = self.found.stack.repositories.iter().map(|r| r.name.as_str()).collect();
        let mut why =
            if all.is_empty() { "no task definition has an image in this account's ECR" } else { "the images of the task definitions" }
                .to_owned();
        if !elsewhere.is_empty() {
            let elsewhere: Vec<_> = elsewhere.into_iter().collect();
            why = format!("{why}; of another account or region, and not watched: {}", elsewhere.join(", "));
        }
        self.note("repositories", all.join(", "), why, true);
    }

    fn log_group(&mut self, definitions: &[(usize, TaskDefinition)]) {
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for group in definitions.iter().filter_map(|(_, d)| d.log_group.clone()) {
            *count.entry(group).or_default() += 1;
        }
        let Some((group, n)) = count.iter().max_by_key(|(_, n)| **n) else {
            self.note("log_group", "", "no task definition has awslogs", true);
            return;
        };
        let (group, why) = (group.clone(), format!("{n} of {} task definitions log there", definitions.len()));
        self.found.stack.log_group.clone_from(&group);
        // Every service is followed where it writes.
        for (index, definition) in definitions {
            let own = definition.log_group.as_ref().filter(|g| **g != group);
            if let (Some(own), Some(service)) = (own, self.found.stack.services.get_mut(*index)) {
                service.log_group = Some(own.clone());
            }
        }
        self.note("log_group", group, why, true);
    }

    /// The secrets that the tasks read at their start: by name, never by value.
    async fn secrets(&mut self, definitions: &[(usize, TaskDefinition)]) {
        let arns: BTreeSet<String> = definitions
            .iter()
            .flat_map(|(_, d)| &d.secrets)
            .filter(|(_, from)| from.contains(":secretsmanager:"))
            // A key inside the secret, a stage and a version may follow.
            .map(|(_, from)| from.split(':').take(7).collect::<Vec<_>>().join(":"))
            .collect();
        let mut found: Vec<Named<SecretUse>> = Vec::new();
        for arn in arns {
            let answer = self.clients.secrets.describe_secret().secret_id(&arn).send().await;
            let Some(out) = self.part(answer.map_err(|e| problem_of(SECRET, &e))) else { continue };
            let name = text(out.name());
            found.push(Named { role: names::secret_use(&name), name });
        }
        found.sort_by(|a, b| (&a.role, &a.name).cmp(&(&b.role, &b.name)));
        let all: Vec<&str> = found.iter().map(|s| s.name.as_str()).collect();
        let why = if all.is_empty() { "no task definition names one" } else { "the task definitions name them" };
        self.note("secrets", all.join(", "), why, true);
        self.found.stack.secrets = found;
    }

    /// The pipeline that deploys to the cluster, its projects, and the roles that these build with.
    async fn pipeline(&mut self) -> Vec<String> {
        let client = self.clients.pipeline.clone();
        let answer =
            page::all(PIPELINES, |token| client.list_pipelines().set_next_token(token).send(), |out| (out.pipelines, out.next_token)).await;
        let Some(all) = self.part(answer) else { return Vec::new() };
        let cluster = self.found.stack.cluster.clone();
        for name in all.iter().filter_map(|p| p.name()).take(MOST) {
            let answer = client.get_pipeline().name(name).send().await.map_err(|e| problem_of(PIPELINE, &e));
            let Some(out) = self.part(answer) else { return Vec::new() };
            let stages = out.pipeline().map(sdk::PipelineDeclaration::stages).unwrap_or_default();
            let actions: Vec<_> = stages.iter().flat_map(sdk::StageDeclaration::actions).collect();
            let says = |key: &str| actions.iter().filter_map(|a| a.configuration()?.get(key)).cloned().collect::<Vec<String>>();
            if !says("ClusterName").contains(&cluster) {
                continue;
            }
            name.clone_into(&mut self.found.stack.pipeline);
            self.note("pipeline", name, format!("its deploy action names the cluster {cluster}"), true);
            let mut projects = says("ProjectName");
            let mut seen = BTreeSet::new();
            projects.retain(|p| seen.insert(p.clone()));
            return self.projects(projects).await;
        }
        self.note("pipeline", "", format!("no pipeline deploys to {cluster}"), true);
        Vec::new()
    }

    async fn projects(&mut self, projects: Vec<String>) -> Vec<String> {
        self.note("projects", projects.join(", "), "the pipeline builds with them", true);
        self.found.stack.projects.clone_from(&projects);
        if projects.is_empty() {
            return Vec::new();
        }
        let answer = self.clients.builds.batch_get_projects().set_names(Some(projects)).send().await;
        let Some(out) = self.part(answer.map_err(|e| problem_of(PROJECTS, &e))) else { return Vec::new() };
        out.projects().iter().filter_map(|p| p.service_role()).map(role_name).collect()
    }

    fn roles(&mut self, definitions: &[(usize, TaskDefinition)], builders: Vec<String>) {
        let of =
            |role: fn(&TaskDefinition) -> Option<&String>| definitions.iter().filter_map(move |(_, d)| role(d)).map(|arn| role_name(arn));
        let tasks = of(|d| d.task_role.as_ref()).map(|name| (name, RoleUse::EcsTask));
        let execution = of(|d| d.execution_role.as_ref()).map(|name| (name, RoleUse::EcsExecution));
        let all = tasks.chain(execution).chain(builders.into_iter().map(|name| (name, RoleUse::CodeBuild)));
        let mut seen = BTreeSet::new();
        let roles = all.filter(|(name, _)| !name.is_empty() && seen.insert(name.clone()));
        self.found.stack.roles = roles.map(|(name, role)| Named { name, role }).collect();
        let all: Vec<&str> = self.found.stack.roles.iter().map(|r| r.name.as_str()).collect();
        let why =
            if all.is_empty() { "no task definition and no project names one" } else { "the task definitions and the projects name them" };
        self.note("roles", all.join(", "), why, true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_image_in_ecr_has_a_repository() {
        for (image, place, found) in [
            ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/api:1.2", "eu-west-1", Some(("shop/api", true))),
            ("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com/api@sha256:ab", "us-gov-west-1", Some(("api", true))),
            ("999999999999.dkr.ecr.eu-west-1.amazonaws.com/base/api:1", "eu-west-1", Some(("base/api", false))),
            ("111122223333.dkr.ecr.us-east-1.amazonaws.com/api:1", "eu-west-1", Some(("api", false))),
            ("docker.io/library/nginx:1.27", "eu-west-1", None),
            ("nginx", "eu-west-1", None),
        ] {
            let definition = format!("arn:aws:ecs:{place}:111122223333:task-definition/api:1");
            assert_eq!(repository(image, &definition), found.map(|(name, own)| (name.to_owned(), own)), "{image}");
        }
    }
}
