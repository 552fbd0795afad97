//! A shell in a container (`ecs:ExecuteCommand`). The SDK cannot speak the session's websocket: what `session-manager-plugin` is started
//! with is handed over. It holds a token, which is neither printed nor kept.

use aws_sdk_ecs::types::Session;
use serde_json::json;

use crate::aws::op::{Op, Scope};
use nextcore_core::model::action::Request;
use nextcore_core::model::action::params;
use nextcore_core::model::identity::Identity;
use nextcore_core::model::partition::Partition;
use nextcore_core::model::plan::{Refusal, Run};
use nextcore_core::model::section::{Section, SectionKey};
use nextcore_core::model::service::{AgentStatus, Container, Services, Task, TaskStatus, Tasks};
use nextcore_core::model::stack::Stack;

use super::send::Handoff;
use super::task::{draft, find, service};
use super::{Action, Desk, Draft, Facts, Receipt, SendError, Sender, Sight, unread};

const EXECUTE: Op = Op::write("ECS", "ExecuteCommand", "ecs:ExecuteCommand").on(Scope::Cluster);

/// What stands for the first container.
const FIRST: &str = "first";

/// Where the plugin comes from.
const INSTALL: &str = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html";

pub(super) struct Exec;

impl Action for Exec {
    type Params = params::Exec;
    const NAME: &'static str = "exec";
    const WRITES: &'static [Op] = &[EXECUTE];
    const NEEDS: &'static [SectionKey] = &[Identity::KEY, Tasks::KEY];
    const WATCHES: &'static [SectionKey] = &[];

    async fn gather(desk: &mut Desk, _: &Request) -> Result<(), Refusal> {
        desk.fetch_all(Self::NEEDS).await.map_err(|p| unread(&p))?;
        desk.try_fetch(Services::KEY).await;
        Ok(())
    }

    fn draft(facts: &Facts<'_>, request: &Request) -> Result<(Draft, params::Exec), Refusal> {
        let task = find(facts, &request.target)?;
        let container = container(task, request.arg("container").unwrap_or(FIRST))?;
        let command = request.arg("command").unwrap_or("/bin/sh");
        let name = &container.name;
        let mut plan = draft(task).must(
            facts.has_session_plugin,
            "session-manager-plugin is on the PATH",
            format!("session-manager-plugin is not on the PATH of this machine: install it ({INSTALL})"),
        );
        plan = match service(facts, task) {
            Some(s) => plan.must(
                s.exec_enabled,
                format!("ECS Exec is on for {}", s.name),
                format!(
                    "ECS Exec is off for {0}: aws ecs update-service --service {0} --enable-execute-command, then redeploy {0}",
                    s.name
                ),
            ),
            None => plan.unknown(facts, Services::KEY, "unknown whether ECS Exec is on for this task"),
        };
        plan = plan.must(
            container.status == TaskStatus::Running,
            format!("container {name} RUNNING"),
            format!("container {name} is {}", or_unknown(container.status.as_str())),
        );
        let agent = container.exec_agent.as_ref();
        let said = agent.map_or("missing: the task was started before ECS Exec was on", AgentStatus::as_str);
        let works = agent == Some(&AgentStatus::Running);
        plan = plan.must(works, "exec agent RUNNING", format!("exec agent of {name}: {said}"));
        let runtime = container.runtime_id.as_deref().unwrap_or_default();
        plan = plan.must(!runtime.is_empty(), "runtime id known", format!("no runtime id of {name} from ECS yet: try again"));
        let call = format!(
            "aws ecs execute-command --cluster {} --task {} --container {name} --interactive --command {}",
            facts.stack.cluster,
            task.id(),
            quoted(command)
        );
        let params = params::Exec {
            cluster: facts.stack.cluster.clone(),
            task: task.arn.clone(),
            container: name.clone(),
            runtime: runtime.to_owned(),
            command: command.to_owned(),
        };
        let plan = plan
            .call(&EXECUTE, call)
            .note(format!("runs {command} in container {name}; it takes over the terminal until it ends"))
            .note("a shell in production: AWS and the audit log record who opened it; what is typed is not recorded")
            .reach("nothing in itself; what is typed takes effect at once", "this container, and what its task role allows")
            .undo("exit the shell; changed files are lost with the task", None)
            .takes(1, 5, 60);
        Ok((plan, params))
    }

    async fn send(sender: Sender, params: params::Exec) -> Result<Receipt, SendError> {
        let call = sender.clients.ecs.execute_command().cluster(&params.cluster).task(&params.task).container(&params.container);
        let call = call.command(&params.command).interactive(true).customize().interceptor(sender.warrant(&EXECUTE)?);
        let answer = call.send().await.map_err(|e| SendError::of(EXECUTE, &e))?;
        let handoff = answer.session().and_then(|s| handoff(&sender.stack, s, &params));
        let without = || SendError::Open(format!("{}: no session in the response", EXECUTE.label()));
        Ok(Receipt { handoff: Some(handoff.ok_or_else(without)?), ..Receipt::of(&answer) })
    }

    /// There is nothing to look at: the session is the plugin's from the answer on.
    fn sight(_: &Facts<'_>, _: &Run, _: &params::Exec) -> Sight {
        Sight::default()
    }
}

fn or_unknown(status: &str) -> &str {
    if status.is_empty() { "in an unknown state" } else { status }
}

fn id_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// A command for a shell: in double quotes, as people write it.
fn quoted(command: &str) -> String {
    format!("\"{}\"", command.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`"))
}

fn container<'a>(task: &'a Task, wanted: &str) -> Result<&'a Container, Refusal> {
    let named = task.containers.iter().find(|c| c.name == wanted);
    let found = if wanted == FIRST { named.or_else(|| task.containers.first()) } else { named };
    found.ok_or_else(|| {
        let names: Vec<&str> = task.containers.iter().map(|c| c.name.as_str()).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Refusal::Usage(format!("no container '{wanted}': task {} has {known}", task.id()))
    })
}

/// The arguments of the plugin, in its order: session, region, operation, profile, request, endpoint.
fn handoff(stack: &Stack, session: &Session, of: &params::Exec) -> Option<Handoff> {
    let id = session.session_id()?;
    let json = json!({ "SessionId": id, "StreamUrl": session.stream_url()?, "TokenValue": session.token_value()? });
    let region = stack.region.as_str();
    let domain = Partition::of_region(region).domain();
    let request = json!({ "Target": format!("ecs:{}_{}_{}", of.cluster, id_of(&of.task), of.runtime) });
    let arguments = vec![
        json.to_string(),
        region.to_owned(),
        "StartSession".to_owned(),
        String::new(),
        request.to_string(),
        format!("https://ssm.{region}.{domain}"),
    ];
    Some(Handoff { arguments, session: nextcore_core::model::text::sanitize(id), task: id_of(&of.task).to_owned() })
}

#[cfg(test)]
#[path = "tests/exec.rs"]
mod tests;
