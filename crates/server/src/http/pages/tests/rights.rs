//! Every route of the server × who asks: a table that a new route must enter.
//!
//! Each visitor meets every route in its own installation. The body of a request is the form that
//! the route expects, so that what decides is the right and not the form.

use std::{collections::BTreeMap, fmt::Write as _};

use axum::{
    http::{Method, StatusCode, header},
    response::Response,
};
use roundel_model::{
    forge::ForgeKind,
    id::{DeliveryId, HookId},
    secret::Secret,
    status::StepStatus,
    time::Timestamp,
};
use roundel_store::{
    deliveries::NewDelivery,
    projects::{Hook, HookState},
};

use super::world::World;
use crate::{
    deliver::email,
    http::{routes, routes::Declared},
};

/// Who meets the routes: whether the project is private, and who comes.
const VISITORS: [(&str, bool, Option<&str>); 7] = [
    ("anonymous", true, None),
    ("stranger", true, Some("stranger")),
    ("reader", true, Some("reader")),
    ("writer", true, Some("writer")),
    ("admin", true, Some("admin")),
    ("anonymous, public", false, None),
    ("stranger, public", false, Some("stranger")),
];

/// The form that a route expects.
pub(super) fn form(route: &Declared) -> &'static str {
    if route.method == Method::GET {
        return "";
    }
    match route.path.rsplit('/').next().unwrap_or_default() {
        "add" => "forge=github&owner=acme&name=web",
        "delete" => "name=A",
        "import" => "from=gh/acme/api",
        "preferences" => "account=nothing",
        "trigger" => "branch=main",
        "variables" => "name=A&value=x",
        "{signature}" => "project=nothing",
        _ => "",
    }
}

/// Routes that do not succeed here, for any visitor: the installation has no forge that answers.
const NEED_A_FORGE: [&str; 1] = ["/gh/{owner}/{repository}/trigger"];

/// Rights of programs, which have their own tests.
pub(super) const OF_PROGRAMS: [&str; 4] = ["Administrator", "RunnerToken", "Signed", "TaskToken"];

/// Names under `/github`, `/bb` and `/bitbucket` are declared together with those under `/gh`.
fn is_alias(path: &str) -> bool {
    ["/github/", "/bb/", "/bitbucket/"].iter().any(|alias| path.contains(alias))
}

pub(super) fn all_routes() -> Vec<Declared> {
    let mut all = routes().declared();
    all.retain(|route| !is_alias(&route.path));
    // Signing out comes last: it ends the session.
    all.sort_by_key(|route| route.path == "/logout");
    all
}

/// What stands for the placeholders of addresses.
pub(super) async fn names(world: &World) -> BTreeMap<&'static str, String> {
    let pipeline = world.pipeline("main", "Add a door").await;
    let workflow = world.app.store.workflows(pipeline).await.unwrap()[0].id;
    let job = world.claim(pipeline, "build").await;
    world.step(job, (101, "Test"), StepStatus::Running, b"ok\n").await;
    let account = world.account("reader").await.id;
    world.other_project("2", "api").await;
    let (hook, delivery) = delivery(world).await;
    BTreeMap::from([
        ("owner", "acme".to_owned()),
        ("repository", "web".to_owned()),
        ("number", "1".to_owned()),
        ("pipeline", pipeline.to_string()),
        ("project", world.project.id.to_string()),
        ("workflow", workflow.to_string()),
        ("job", job.to_string()),
        ("index", "0".to_owned()),
        ("task", "0".to_owned()),
        ("step", "101".to_owned()),
        ("delivery", delivery.to_string()),
        ("hook", hook.to_string()),
        ("forge", "github".to_owned()),
        ("slug", "unknown-key".to_owned()),
        ("*branch", "main.svg".to_owned()),
        ("digest", "0".to_owned()),
        ("name", "app.css".to_owned()),
        ("namespace", "acme".to_owned()),
        ("version", "1.0.0".to_owned()),
        ("account", account.to_string()),
        (
            "signature",
            email::preference::signature(
                &world.app.settings.instance_key,
                account,
                world.project.id,
            ),
        ),
    ])
}

async fn delivery(world: &World) -> (HookId, DeliveryId) {
    let (hook, id) = (HookId::fresh(), DeliveryId::fresh());
    let now = Timestamp::now();
    let forge = ForgeKind::GitHub;
    world
        .app
        .store
        .insert_hook(&Hook {
            id: hook,
            project: world.project.id,
            forge,
            forge_id: None,
            secret: Secret::from("secret"),
            state: HookState::Active,
            last_delivery_at: None,
            created_at: now,
        })
        .await
        .unwrap();
    let new = NewDelivery {
        id,
        hook,
        project: world.project.id,
        forge,
        guid: "guid".to_owned(),
        event: "push".to_owned(),
        body: b"{}".to_vec(),
        received_at: now,
    };
    world.app.store.record_delivery(new).await.unwrap();
    (hook, id)
}

pub(super) fn address(path: &str, names: &BTreeMap<&'static str, String>) -> String {
    let mut address = path.to_owned();
    for (name, value) in names {
        address = address.replace(&format!("{{{name}}}"), value);
    }
    assert!(!address.contains('{'), "{path} has a placeholder that this test does not know");
    address
}

/// The status of an answer; `log` if it leads to signing in.
fn outcome(answer: &Response) -> String {
    let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
    if to.is_some_and(|to| to == "/login" || to.starts_with("/login?")) {
        return "log".to_owned();
    }
    answer.status().as_u16().to_string()
}

/// One line a route: what each visitor gets, and what the route requires.
async fn table() -> String {
    let routes = all_routes();
    let mut statuses = vec![String::new(); routes.len()];
    let mut head = String::new();
    for (number, (visitor, private, who)) in VISITORS.into_iter().enumerate() {
        let _ = writeln!(head, "{number}: {visitor}");
        let world = World::with(private).await;
        let names = names(&world).await;
        for (route, statuses) in routes.iter().zip(&mut statuses) {
            let address = address(&route.path, &names);
            let answer = world.send(route.method.clone(), &address, form(route), who).await;
            let _ = write!(statuses, "{} ", outcome(&answer));
        }
    }
    let mut table = format!("{head}log: is asked to sign in\n\n  0   1   2   3   4   5   6\n");
    for (route, statuses) in routes.iter().zip(statuses) {
        let Declared { path, method, right } = route;
        // A form that everyone is refused says nothing about rights.
        let of_people =
            !OF_PROGRAMS.contains(&right.as_str()) && !NEED_A_FORGE.contains(&path.as_str());
        if *method != Method::GET && of_people {
            let met = statuses.split(' ').any(|one| one == "303" || one.starts_with('2'));
            assert!(met, "no one gets through: {statuses} {method} {path}");
        }
        let _ = writeln!(table, "{statuses} {method:<4} {path}  {right}");
    }
    table
}

#[tokio::test]
async fn every_route_has_a_right_and_keeps_it() {
    insta::assert_snapshot!(table().await);
}

/// The table again, as a rule: no response to a visitor without the right is a success, and what may
/// not be seen is 404, or leads to signing in.
#[tokio::test]
async fn nothing_of_a_private_project_is_there_for_a_stranger() {
    let world = World::with(true).await;
    let names = names(&world).await;
    let of_project = |right: &str| {
        ["<Project>", "<Pipeline>", "<Job>", "<Delivery>"].iter().any(|of| right.ends_with(of))
    };
    let mut met = 0;
    for route in all_routes().iter().filter(|route| of_project(&route.right)) {
        let address = address(&route.path, &names);
        let answer =
            world.send(route.method.clone(), &address, form(route), Some("stranger")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{} {address}", route.method);
        // A visitor who is not signed in is asked to sign in, as for an address that does not exist.
        let answer = world.send(route.method.clone(), &address, form(route), None).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{} {address}", route.method);
        let to = answer.headers()[header::LOCATION].to_str().unwrap();
        assert!(to.starts_with("/login"), "{} {address}: {to}", route.method);
        met += 1;
    }
    assert!(met > 20, "routes of a project were not found");
}

#[test]
fn an_alias_of_a_forge_requires_what_its_short_name_does() {
    let all = routes().declared();
    let find = |path: &str, method: &Method| {
        all.iter().find(|route| route.path == path && route.method == *method)
    };
    let aliases: Vec<_> = all.iter().filter(|route| is_alias(&route.path)).collect();
    assert!(aliases.len() > 50, "{}", aliases.len());
    for route in aliases {
        let short = route
            .path
            .replace("/github/", "/gh/")
            .replace("/bitbucket/", "/gh/")
            .replace("/bb/", "/gh/");
        let twin =
            find(&short, &route.method).unwrap_or_else(|| panic!("{} has no twin", route.path));
        assert_eq!(route.right, twin.right, "{}", route.path);
    }
}
