//! CodeBuild: projects and builds, and starting, retrying and stopping a build.
//! Progress is made in `world`; `render` has the two large structures. Called through the service table.

use crate::wire::{ApiError, Dialect, Page, Params, Value, object, page};
use crate::world::names::arn;
use crate::world::state::{Build, Project};
use crate::world::{StartBuild, World};

use super::{CALLER_ARN, Operation, Service};

mod render;

pub(super) const SERVICE: Service = Service {
    name: "codebuild",
    iam_prefix: "codebuild",
    signing_name: "codebuild",
    targets: &["CodeBuild_20161006"],
    namespace: "",
    dialect: Dialect { missing: "InvalidInputException", invalid: "InvalidInputException" },
    operations: &[
        Operation::read("ListProjects", list_projects),
        Operation::read("BatchGetProjects", batch_get_projects),
        Operation::read("ListBuildsForProject", list_builds_for_project),
        Operation::read("BatchGetBuilds", batch_get_builds),
        Operation::write("StartBuild", start_build),
        Operation::write("RetryBuild", retry_build),
        Operation::write("StopBuild", stop_build),
    ],
};

/// CodeBuild's pages have a fixed size.
const PAGE: usize = 100;

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidInputException", message)
}

/// Who called, in the words of `initiator`: the role and the session.
fn caller() -> String {
    CALLER_ARN.split_once("assumed-role/").map_or(CALLER_ARN, |(_, session)| session).to_owned()
}

fn listed(params: &Params<'_>, member: &'static str, names: Vec<&str>, question: &str) -> Result<Value, ApiError> {
    let Page { items, next } =
        page(names, PAGE, params.str("nextToken"), question).ok_or_else(|| invalid("Invalid token: nextToken is not valid"))?;
    Ok(object! { member => Value::members(items), "nextToken" => next })
}

fn order(params: &Params<'_>, default: &'static str) -> Result<&'static str, ApiError> {
    Ok(params.one_of("sortOrder", &["ASCENDING", "DESCENDING"])?.unwrap_or(default))
}

/// The names of a batch operation: at least one, at most a hundred.
fn asked<'a>(params: &Params<'a>, member: &str) -> Result<Vec<&'a str>, ApiError> {
    let given = params.strings(member);
    if given.is_empty() || given.len() > 100 {
        return Err(invalid(format!("Invalid length of {member}: 1 to 100 are allowed")));
    }
    Ok(given)
}

fn list_projects(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let by = params.one_of("sortBy", &["NAME", "CREATED_TIME", "LAST_MODIFIED_TIME"])?.unwrap_or("NAME");
    let order = order(params, "ASCENDING")?;
    let mut projects: Vec<&Project> = world.codebuild.projects.iter().collect();
    match by {
        "CREATED_TIME" => projects.sort_by_key(|project| project.created_at),
        "LAST_MODIFIED_TIME" => projects.sort_by_key(|project| project.modified_at),
        _ => {}
    }
    if order == "DESCENDING" {
        projects.reverse();
    }
    let names = projects.into_iter().map(|project| project.name.as_str()).collect();
    listed(params, "projects", names, &format!("ListProjects {by} {order}"))
}

fn batch_get_projects(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for given in asked(params, "names")? {
        match world.codebuild.projects.iter().find(|project| given == project.name || given == project.arn()) {
            Some(project) => found.push(render::project(project)),
            None => missing.push(given),
        }
    }
    Ok(object! { "projects" => Value::members(found), "projectsNotFound" => Value::members(missing) })
}

fn project<'w>(world: &'w World, params: &Params<'_>) -> Result<&'w Project, ApiError> {
    let name = params.required("projectName")?;
    let missing = || {
        let arn = arn("codebuild", format_args!("project/{name}"));
        ApiError::new("ResourceNotFoundException", format!("The provided project {arn} does not exist"))
    };
    world.codebuild.projects.iter().find(|project| name == project.name || name == project.arn()).ok_or_else(missing)
}

fn list_builds_for_project(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let project = &project(world, params)?.name;
    let order = order(params, "DESCENDING")?;
    let mut ids: Vec<&str> = world.codebuild.builds.iter().filter(|build| build.project == *project).map(|b| b.id.as_str()).collect();
    if order == "DESCENDING" {
        ids.reverse();
    }
    listed(params, "ids", ids, &format!("ListBuildsForProject {project} {order}"))
}

/// The build that `given`, an id or an ARN, names.
fn find<'w>(world: &'w World, given: &str) -> Option<&'w Build> {
    world.codebuild.build(given.rsplit_once("build/").map_or(given, |(_, id)| id))
}

fn batch_get_builds(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for given in asked(params, "ids")? {
        match find(world, given) {
            Some(build) => found.push(render::build(world, build)),
            None => missing.push(given),
        }
    }
    Ok(object! { "builds" => Value::members(found), "buildsNotFound" => Value::members(missing) })
}

fn start_build(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let project = project(world, params)?.name.clone();
    let order = StartBuild {
        project,
        source_version: params.str("sourceVersion").map(str::to_owned),
        token: params.str("idempotencyToken").map(str::to_owned),
        initiator: caller(),
    };
    let id = world.start_build(order)?.id.clone();
    answer(world, &id)
}

fn answer(world: &World, id: &str) -> Result<Value, ApiError> {
    let build = world.codebuild.build(id).ok_or_else(|| invalid("The build is gone."))?;
    Ok(object! { "build" => render::build(world, build) })
}

/// The id of the build that the request names.
fn named(world: &World, params: &Params<'_>) -> Result<String, ApiError> {
    let given = params.required("id")?;
    if !given.contains(':') {
        return Err(invalid(format!("Invalid build ID: {given}")));
    }
    let missing = || ApiError::new("ResourceNotFoundException", format!("The provided build {given} does not exist"));
    find(world, given).map(|build| build.id.clone()).ok_or_else(missing)
}

fn retry_build(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let id = named(world, params)?;
    let token = params.str("idempotencyToken").map(str::to_owned);
    let id = world.retry_build(&id, token, caller())?.id.clone();
    answer(world, &id)
}

fn stop_build(world: &mut World, params: &Params<'_>) -> Result<Value, ApiError> {
    let id = named(world, params)?;
    world.stop_build(&id)?;
    answer(world, &id)
}
