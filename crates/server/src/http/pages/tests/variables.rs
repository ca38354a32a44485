//! Variables of a project: the warning about some names, and the import from another project.

use axum::http::StatusCode;
use roundel_model::time::Timestamp;
use roundel_store::projects::Project;

use super::world::{World, text};

const SETTINGS: &str = "/gh/acme/web/settings";
const IMPORT: &str = "/gh/acme/web/settings/variables/import";

async fn set(world: &World, project: &Project, name: &str, value: &str) {
    let (store, now) = (&world.app.store, Timestamp::now());
    store.set_variable(project.id, name, &value.into(), now).await.unwrap();
}

/// Names and values of the project that imports.
async fn variables(world: &World) -> Vec<(String, String)> {
    let variables = world.app.store.variables(world.project.id).await.unwrap();
    variables.into_iter().map(|(name, value)| (name, value.expose().clone())).collect()
}

/// Every job has these, and fails in a way that does not name the setting.
#[tokio::test]
async fn a_variable_that_replaces_one_of_the_environment_is_warned_about() {
    let world = World::new().await;
    let warning = "replaces the environment’s own value in every job";
    set(&world, &world.project, "NODE_PATH", "/opt").await;
    let page = text(world.get(SETTINGS, Some("admin")).await).await;
    assert!(!page.contains(warning), "{page}");
    for name in ["PATH", "HOME"] {
        set(&world, &world.project, name, "/opt").await;
    }
    let page = text(world.get(SETTINGS, Some("writer")).await).await;
    let names = "<code>HOME</code>, <code>PATH</code>: this replaces the environment’s own value";
    assert!(page.contains(names), "{page}");
}

#[tokio::test]
async fn variables_are_imported_and_those_that_exist_are_kept_and_named() {
    let world = World::new().await;
    let api = world.other_project("2", "api").await;
    let page = text(world.get(SETTINGS, Some("admin")).await).await;
    assert!(!page.contains("Import variables"), "there is nothing to import: {page}");
    // An earlier release took names of built-in variables.
    for name in ["NPM_TOKEN", "SHARED", "CIRCLE_BRANCH"] {
        set(&world, &api, name, "value-of-api").await;
    }
    set(&world, &world.project, "SHARED", "own").await;
    let page = text(world.get(SETTINGS, Some("admin")).await).await;
    let (label, choice) = (
        "<label for=\"import-from\">Import variables from</label>",
        "<option value=\"gh/acme/api\">acme/api</option>",
    );
    assert!(page.contains(label) && page.contains(choice), "{page}");
    let page = text(world.get(SETTINGS, Some("writer")).await).await;
    assert!(!page.contains("Import variables"), "a writer cannot import: {page}");

    let answer = world.post(IMPORT, "from=gh/acme/api", "admin").await;
    assert_eq!(answer.status(), StatusCode::OK);
    let page = text(answer).await;
    for report in [
        "Imported from acme/api: <code class=\"breaks\">NPM_TOKEN</code>.",
        "keeps its values: <code class=\"breaks\">SHARED</code>.",
        "Not imported, because the name is a built-in variable or the value is too long: \
         <code class=\"breaks\">CIRCLE_BRANCH</code>.",
    ] {
        assert!(page.contains(report), "{report}: {page}");
    }
    assert!(!page.contains("value-of-api"), "{page}");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [pair("NPM_TOKEN", "value-of-api"), pair("SHARED", "own")];
    assert_eq!(variables(&world).await, expected);

    let again = text(world.post(IMPORT, "from=gh/acme/api", "admin").await).await;
    assert!(again.contains("No variables imported from acme/api."), "{again}");
    assert_eq!(variables(&world).await, expected);
}

/// A job that runs with a secret can print it: who may not administer the source must not get it by
/// way of a project that they administer.
#[tokio::test]
async fn nothing_is_imported_from_a_project_that_the_visitor_does_not_administer() {
    let world = World::new().await;
    let docs = world.other_project("3", "docs").await;
    let hidden = world.other_project("4", "hidden").await;
    set(&world, &docs, "A", "1").await;
    set(&world, &hidden, "B", "2").await;
    let page = text(world.get(SETTINGS, Some("admin")).await).await;
    assert!(!page.contains("acme/docs") && !page.contains("acme/hidden"), "{page}");
    for (from, status) in [
        ("gh/acme/docs", StatusCode::FORBIDDEN),
        ("gh/acme/hidden", StatusCode::NOT_FOUND),
        ("gh/acme/missing", StatusCode::NOT_FOUND),
        ("gh/acme/web", StatusCode::UNPROCESSABLE_ENTITY),
        ("", StatusCode::UNPROCESSABLE_ENTITY),
        ("acme", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = world.post(IMPORT, &format!("from={from}"), "admin").await;
        assert_eq!(answer.status(), status, "{from}");
    }
    assert_eq!(variables(&world).await, []);
}

/// `VCS` §7.4: the role in the source must be as fresh as that in the project itself.
#[tokio::test]
async fn nothing_is_imported_while_the_forge_cannot_confirm_the_role_in_the_source() {
    let world = World::new().await;
    let api = world.other_project("2", "api").await;
    set(&world, &api, "A", "1").await;
    let page = text(world.get(SETTINGS, Some("admin")).await).await;
    assert!(page.contains("acme/api"), "the role is known: {page}");
    world.forges_vanish(std::time::Duration::from_mins(6));
    let admin = world.account("admin").await;
    world.confirm_role(admin.id, world.project.id);
    let answer = world.post(IMPORT, "from=gh/acme/api", "admin").await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let page = text(answer).await;
    assert!(page.contains("GitHub does not answer"), "{page}");
    assert_eq!(variables(&world).await, []);
}
