//! Projects, followers, setups, keys, hooks, variables.

use roundel_model::{
    forge::RepositoryId,
    id::{CheckoutKeyId, ProjectId},
    limits,
};
use roundel_store::{
    StoreError,
    projects::{
        CheckoutKey, FollowerChanges, Hook, HookState, ImportedVariables, KeyState, NewProject,
        Project, RepositoryChanges, Setup, SetupState, SetupStep, SetupStepStatus, VariableImport,
        VariableRow,
    },
};

use crate::world::{World, at, checkout_key, new_project, slug};

on_all! {
    a_repository_is_one_project_whatever_it_is_called,
    a_project_is_found_by_its_old_name_until_another_takes_it,
    the_newest_owner_of_a_name_has_it,
    a_rename_changes_what_it_names_and_nothing_else,
    an_active_project_keeps_its_integration,
    people_follow_projects,
    all_of_a_follower_is_changed_or_nothing,
    a_set_up_is_remembered_and_found_when_unfinished,
    the_newest_key_that_is_not_gone_is_the_key,
    a_hook_keeps_its_secret_and_state,
    a_ping_wakes_a_missing_hook_and_leaves_the_state_of_others,
    a_variable_is_replaced_listed_and_deleted,
    variables_are_listed_with_their_times_and_hints,
    variables_of_another_project_are_imported_under_the_key_of_this_one,
    an_import_that_does_not_fit_changes_nothing,
    what_does_not_exist_is_not_changed,
}

async fn a_repository_is_one_project_whatever_it_is_called(world: World) {
    let first = world.project("acme/web").await;
    assert_eq!(first.slug, slug("acme/web"));
    assert!(first.private && !first.active);
    let renamed = NewProject {
        slug: slug("acme/website"),
        default_branch: "trunk".to_owned(),
        private: false,
        ..new_project("acme/web", first.integration)
    };
    let again = world.store.upsert_project(&renamed, at(9)).await.unwrap();
    let expected = Project {
        slug: slug("acme/website"),
        default_branch: "trunk".to_owned(),
        private: false,
        ..first.clone()
    };
    assert_eq!(again, expected);
    assert_eq!(world.store.project(first.id).await.unwrap(), Some(again.clone()));
    assert_eq!(again.repository, RepositoryId("id of acme/web".to_owned()));
    let other = world.project("acme/api").await;
    assert_eq!(other.organization, again.organization);
    assert_eq!(world.store.projects().await.unwrap(), [other, again]);
    assert_eq!(world.store.project(ProjectId::fresh()).await.unwrap(), None);
}

fn renamed(name: &str) -> RepositoryChanges {
    RepositoryChanges { slug: Some(slug(name)), ..RepositoryChanges::default() }
}

async fn a_project_is_found_by_its_old_name_until_another_takes_it(world: World) {
    let first = world.project("acme/web").await;
    world.store.update_repository(first.id, &renamed("acme/site")).await.unwrap();
    let found = |name: &'static str| {
        let store = world.store.clone();
        async move { store.project_by_slug(&slug(name)).await.unwrap().map(|project| project.id) }
    };
    assert_eq!(found("ACME/Site").await, Some(first.id));
    assert_eq!(found("acme/WEB").await, Some(first.id));
    let integration = first.integration;
    let taker = NewProject {
        repository: RepositoryId("2".to_owned()),
        ..new_project("acme/web", integration)
    };
    let second = world.store.upsert_project(&taker, at(3)).await.unwrap();
    assert_eq!(found("acme/web").await, Some(second.id));
    assert_eq!(found("acme/site").await, Some(first.id));
    assert_eq!(found("acme/none").await, None);
    // And back again: the name follows.
    world.store.update_repository(second.id, &renamed("acme/new")).await.unwrap();
    world.store.update_repository(first.id, &renamed("acme/web")).await.unwrap();
    assert_eq!(found("acme/web").await, Some(first.id));
    assert_eq!(found("acme/new").await, Some(second.id));
}

/// The rename of the first was missed: a forge never gives one name to two repositories.
async fn the_newest_owner_of_a_name_has_it(world: World) {
    let first = world.project("acme/web").await;
    let taker = NewProject {
        repository: RepositoryId("2".to_owned()),
        ..new_project("acme/web", first.integration)
    };
    let second = world.store.upsert_project(&taker, at(3)).await.unwrap();
    let found = world.store.project_by_slug(&slug("acme/web")).await.unwrap().unwrap();
    assert_eq!(found.id, second.id);
}

async fn a_rename_changes_what_it_names_and_nothing_else(world: World) {
    let before = world.project("acme/web").await;
    let none = RepositoryChanges::default();
    for changes in [
        none.clone(),
        RepositoryChanges { default_branch: Some("trunk".to_owned()), ..none.clone() },
        RepositoryChanges { private: Some(false), ..none.clone() },
        RepositoryChanges {
            ssh_url: Some("git@forge.test:acme/site.git".to_owned()),
            ..none.clone()
        },
        RepositoryChanges { web_url: Some("https://forge.test/acme/site".to_owned()), ..none },
    ] {
        world.store.update_repository(before.id, &changes).await.unwrap();
    }
    let after = world.store.project(before.id).await.unwrap().unwrap();
    let expected = Project {
        default_branch: "trunk".to_owned(),
        private: false,
        ssh_url: "git@forge.test:acme/site.git".to_owned(),
        web_url: "https://forge.test/acme/site".to_owned(),
        ..before
    };
    assert_eq!(after, expected);
}

async fn an_active_project_keeps_its_integration(world: World) {
    let project = world.project("acme/web").await;
    let grace = world.account("grace").await;
    let again = new_project("acme/web", grace);
    assert_eq!(world.store.upsert_project(&again, at(2)).await.unwrap().integration, grace);
    world.store.start_building(project.id).await.unwrap();
    let third = new_project("acme/web", project.integration);
    let kept = world.store.upsert_project(&third, at(3)).await.unwrap();
    assert!(kept.active);
    assert_eq!(kept.integration, grace);
}

async fn people_follow_projects(world: World) {
    let (web, api) = (world.project("acme/web").await, world.project("acme/api").await);
    let (ada, grace) = (world.account("ada").await, world.account("grace").await);
    let store = &world.store;
    store.follow(grace, web.id, at(1)).await.unwrap();
    store.follow(ada, web.id, at(2)).await.unwrap();
    store.follow(ada, web.id, at(3)).await.unwrap();
    store.follow(ada, api.id, at(4)).await.unwrap();
    assert_eq!(store.followers(web.id).await.unwrap(), [grace, ada]);
    assert_eq!(store.followed_projects(ada).await.unwrap(), [api.clone(), web.clone()]);
    assert!(store.follows(ada, web.id).await.unwrap());
    store.unfollow(ada, web.id).await.unwrap();
    assert!(!store.follows(ada, web.id).await.unwrap());
    assert_eq!(store.followed_projects(ada).await.unwrap(), [api]);
    assert_eq!(store.followers(web.id).await.unwrap(), [grace]);
}

async fn all_of_a_follower_is_changed_or_nothing(world: World) {
    let (web, api) = (world.project("acme/web").await, world.project("acme/api").await);
    let ada = world.account("ada").await;
    let store = &world.store;
    store.follow(ada, web.id, at(1)).await.unwrap();
    let mut changes = FollowerChanges {
        settings: vec![("one".to_owned(), "1".to_owned()), ("two".to_owned(), "2".to_owned())],
        follow: vec![api.id, ProjectId::fresh()],
        unfollow: vec![web.id],
    };
    // There is no such project.
    let refused = store.change_follower(ada, &changes, at(2)).await.unwrap_err();
    let StoreError::Database { source, .. } = refused else { panic!("{refused}") };
    assert!(source.as_database_error().unwrap().is_foreign_key_violation(), "{source}");
    assert_eq!(store.setting("one").await.unwrap(), None);
    assert_eq!(store.followed_projects(ada).await.unwrap(), [web]);
    changes.follow.pop();
    store.change_follower(ada, &changes, at(3)).await.unwrap();
    assert_eq!(store.setting("one").await.unwrap().as_deref(), Some("1"));
    assert_eq!(store.setting("two").await.unwrap().as_deref(), Some("2"));
    assert_eq!(store.followed_projects(ada).await.unwrap(), [api]);
}

async fn a_set_up_is_remembered_and_found_when_unfinished(world: World) {
    let project = world.project("acme/web").await;
    assert_eq!(world.store.setup(project.id).await.unwrap(), None);
    let step = SetupStep {
        key: "key".to_owned(),
        title: "Upload the deploy key".to_owned(),
        status: SetupStepStatus::Running,
        detail: Some("id 9".to_owned()),
    };
    let mut setup = Setup {
        project: project.id,
        actor: project.integration,
        state: SetupState::Running,
        steps: vec![step],
        started_at: at(1),
        updated_at: at(2),
    };
    for (state, is_unfinished) in [
        (SetupState::Running, true),
        (SetupState::Compensating, true),
        (SetupState::Failed, false),
        (SetupState::Abandoned, false),
        (SetupState::Done, false),
    ] {
        setup.state = state;
        world.store.save_setup(&setup).await.unwrap();
        assert_eq!(world.store.setup(project.id).await.unwrap(), Some(setup.clone()));
        let unfinished = world.store.unfinished_setups().await.unwrap();
        assert_eq!(!unfinished.is_empty(), is_unfinished, "{state:?}");
    }
}

async fn the_newest_key_that_is_not_gone_is_the_key(world: World) {
    let project = world.project("acme/web").await;
    let store = &world.store;
    assert_eq!(store.checkout_key(project.id).await.unwrap(), None);
    let (old, new) = (checkout_key(&project, 1), checkout_key(&project, 2));
    store.insert_checkout_key(&old).await.unwrap();
    store.insert_checkout_key(&new).await.unwrap();
    store.update_checkout_key(new.id, KeyState::Active, Some("17")).await.unwrap();
    store.touch_checkout_key(project.id, at(9)).await.unwrap();
    let expected = CheckoutKey {
        state: KeyState::Active,
        forge_id: Some("17".to_owned()),
        last_used_at: Some(at(9)),
        ..new.clone()
    };
    assert_eq!(store.checkout_key(project.id).await.unwrap(), Some(expected));
    store.update_checkout_key(new.id, KeyState::Gone, None).await.unwrap();
    assert_eq!(store.checkout_key(project.id).await.unwrap(), Some(old));
}

async fn a_hook_keeps_its_secret_and_state(world: World) {
    let project = world.project("acme/web").await;
    let first = world.hook(&project).await;
    assert_eq!(world.store.hook(first.id).await.unwrap(), Some(first.clone()));
    let second = Hook {
        id: roundel_model::id::HookId::fresh(),
        forge_id: None,
        state: HookState::Pending,
        created_at: at(3),
        ..first.clone()
    };
    world.store.insert_hook(&second).await.unwrap();
    world.store.update_hook(second.id, HookState::Missing, Some("5")).await.unwrap();
    world.store.update_hook(second.id, HookState::Active, None).await.unwrap();
    let expected =
        Hook { state: HookState::Active, forge_id: Some("5".to_owned()), ..second.clone() };
    assert_eq!(world.store.hook_of(project.id).await.unwrap(), Some(expected));
    world.store.update_hook(second.id, HookState::Gone, None).await.unwrap();
    assert_eq!(world.store.hook_of(project.id).await.unwrap(), Some(first));
}

/// A ping is read while a setup makes the hook active: neither may undo the other.
async fn a_ping_wakes_a_missing_hook_and_leaves_the_state_of_others(world: World) {
    let project = world.project("acme/web").await;
    let hook = world.hook(&project).await;
    for (before, after) in [
        (HookState::Missing, HookState::Active),
        (HookState::Active, HookState::Active),
        (HookState::Pending, HookState::Pending),
        (HookState::Gone, HookState::Gone),
    ] {
        world.store.update_hook(hook.id, before, Some("5")).await.unwrap();
        assert!(world.store.hook_answered(hook.id, None).await.unwrap());
        let found = world.store.hook(hook.id).await.unwrap().unwrap();
        assert_eq!((found.state, found.forge_id.as_deref()), (after, Some("5")));
    }
    assert!(world.store.hook_answered(hook.id, Some("6")).await.unwrap());
    let found = world.store.hook(hook.id).await.unwrap().unwrap();
    assert_eq!(found.forge_id.as_deref(), Some("6"));
    assert!(!world.store.hook_answered(roundel_model::id::HookId::fresh(), None).await.unwrap());
}

async fn a_variable_is_replaced_listed_and_deleted(world: World) {
    let project = world.project("acme/web").await;
    let other = world.project("acme/api").await;
    let store = &world.store;
    for (name, value) in [("TOKEN", "old"), ("a", "2"), ("TOKEN", "new"), ("EMPTY", "")] {
        store.set_variable(project.id, name, &value.into(), at(1)).await.unwrap();
    }
    store.set_variable(other.id, "TOKEN", &"other".into(), at(1)).await.unwrap();
    let listed = store.variables(project.id).await.unwrap();
    let listed: Vec<_> =
        listed.iter().map(|(name, value)| (name.as_str(), value.expose().as_str())).collect();
    assert_eq!(listed, [("EMPTY", ""), ("TOKEN", "new"), ("a", "2")]);
    assert!(store.delete_variable(project.id, "TOKEN").await.unwrap());
    assert!(!store.delete_variable(project.id, "TOKEN").await.unwrap());
    assert_eq!(store.variables(other.id).await.unwrap().len(), 1);
}

/// Pages list names and hints only: the values stay sealed (invariant 7).
async fn variables_are_listed_with_their_times_and_hints(world: World) {
    let project = world.project("acme/web").await;
    let other = world.project("acme/api").await;
    let store = &world.store;
    for (name, seconds) in [("b", 1), ("TOKEN", 2), ("a", 3), ("TOKEN", 4)] {
        store.set_variable(project.id, name, &"value".into(), at(seconds)).await.unwrap();
    }
    store.set_variable(other.id, "OTHER", &"value".into(), at(5)).await.unwrap();
    store.set_variable(project.id, "a", &"a longer value".into(), at(6)).await.unwrap();
    let rows = store.variable_rows(project.id).await.unwrap();
    let row = |name: &str, hint: Option<&str>, seconds| VariableRow {
        name: name.to_owned(),
        hint: hint.map(str::to_owned),
        updated_at: at(seconds),
    };
    assert_eq!(rows, [row("TOKEN", None, 4), row("a", Some("alue"), 6), row("b", None, 1)]);
}

async fn variables_of_another_project_are_imported_under_the_key_of_this_one(world: World) {
    let web = world.project("acme/web").await;
    let api = world.project("acme/api").await;
    let store = &world.store;
    let long = "x".repeat(limits::VARIABLE_VALUE_BYTES + 1);
    for (name, value) in [("TOKEN", "a long value"), ("B", "2"), ("LEFT", "3"), ("LONG", &long)] {
        store.set_variable(api.id, name, &value.into(), at(1)).await.unwrap();
    }
    store.set_variable(web.id, "B", &"own".into(), at(2)).await.unwrap();
    let names = ["TOKEN", "B", "LONG", "UNKNOWN"].map(str::to_owned).into();
    let imported = store.import_variables(api.id, web.id, &names, at(3)).await.unwrap();
    let only = |name: &str| vec![name.to_owned()];
    let (added, kept, too_long) = (only("TOKEN"), only("B"), only("LONG"));
    assert_eq!(imported, VariableImport::Done(ImportedVariables { added, kept, too_long }));
    let listed = store.variables(web.id).await.unwrap();
    let listed: Vec<_> =
        listed.iter().map(|(name, value)| (name.as_str(), value.expose().as_str())).collect();
    assert_eq!(listed, [("B", "own"), ("TOKEN", "a long value")]);
    let rows = store.variable_rows(web.id).await.unwrap();
    assert_eq!((rows[1].hint.as_deref(), rows[1].updated_at), (Some("alue"), at(3)));
    assert_eq!(store.variables(api.id).await.unwrap().len(), 4, "the source keeps its own");
    let missing = store.import_variables(api.id, ProjectId::fresh(), &names, at(3)).await;
    assert!(matches!(missing, Err(StoreError::Missing("project"))));
}

/// Half of the variables would be worse than none: a job would start and fail in the middle.
async fn an_import_that_does_not_fit_changes_nothing(world: World) {
    let web = world.project("acme/web").await;
    let api = world.project("acme/api").await;
    let store = &world.store;
    for number in 1..limits::VARIABLES_PER_PROJECT {
        store.set_variable(web.id, &format!("V{number}"), &"1".into(), at(1)).await.unwrap();
    }
    for name in ["A", "B", "V1"] {
        store.set_variable(api.id, name, &"2".into(), at(1)).await.unwrap();
    }
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let import = |all| async move { store.import_variables(api.id, web.id, &all, at(2)).await };
    let full = import(names(&["A", "B", "V1"])).await.unwrap();
    assert_eq!(full, VariableImport::Full);
    let count = store.variable_rows(web.id).await.unwrap().len();
    assert_eq!(count, limits::VARIABLES_PER_PROJECT - 1);
    assert!(matches!(import(names(&["A", "V1"])).await.unwrap(), VariableImport::Done(_)));
}

async fn what_does_not_exist_is_not_changed(world: World) {
    let store = &world.store;
    let missing = |answer: Result<(), StoreError>| matches!(answer, Err(StoreError::Missing(_)));
    assert!(missing(store.start_building(ProjectId::fresh()).await));
    assert!(missing(
        store.update_repository(ProjectId::fresh(), &RepositoryChanges::default()).await
    ));
    let key = CheckoutKeyId::fresh();
    assert!(missing(store.update_checkout_key(key, KeyState::Active, None).await));
    let hook = roundel_model::id::HookId::fresh();
    assert!(missing(store.update_hook(hook, HookState::Active, None).await));
    assert_eq!(store.hook(hook).await.unwrap(), None);
}
