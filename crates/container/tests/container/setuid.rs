//! Programs that gain the rights of their file's owner, where that is allowed and where it is not.

use std::process::Command;

use roundel_container::{EnvironmentSpec, LimitationKind, ProcessSpec, Root};

use crate::world::{Entry, World, import, layer, output, read_all, shell, skip, spec, wait};

/// An image whose user finds the machine's own `id`, setuid root.
fn image_with_setuid_id(world: &World) -> Option<EnvironmentSpec> {
    let Ok(said) = Command::new("ldd").arg("/usr/bin/id").output() else {
        skip("there is no ldd");
        return None;
    };
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let libraries = said.split_whitespace().filter(|word| word.starts_with('/'));
    let mut files = vec![("bin/own-id".to_owned(), 0o4755, std::fs::read("/usr/bin/id").unwrap())];
    for library in libraries {
        let (directory, name) = library.rsplit_once('/').unwrap();
        let place = if directory == "/lib64" { "lib64" } else { "lib" };
        files.push((format!("{place}/{name}"), 0o755, std::fs::read(library).unwrap()));
    }
    let mut entries = vec![Entry::Dir("lib/", 0o755), Entry::Dir("lib64/", 0o755)];
    entries.extend(files.iter().map(|(path, mode, bytes)| Entry::File(path, *mode, bytes)));
    Some(spec(Root::Layers(import(world, &[layer(&entries)])?.layers)))
}

/// The effective user of the setuid program, and the flag, as the image's user sees them.
fn gained(world: &World, spec: &EnvironmentSpec) -> (String, Vec<LimitationKind>) {
    let environment = world.start(spec);
    let script = "own-id -u; while read -r line; do case $line in NoNewPrivs:*|Seccomp:*) \
                  echo $line;; esac; done < /proc/self/status";
    let as_user = ProcessSpec { user: Some("circleci".to_owned()), ..shell(script) };
    let as_user = ProcessSpec { env: vec![("PATH".to_owned(), "/bin".to_owned())], ..as_user };
    let mut process = environment.spawn(&as_user).unwrap();
    let text = read_all(&mut process);
    wait(&process);
    assert_eq!(output(&environment, "echo alive"), "alive\n");
    (text, environment.limitations().iter().map(|found| found.kind).collect())
}

#[test]
fn a_setuid_program_gains_the_inner_root_only_where_that_is_allowed() {
    let world = World::new();
    let Some(spec) = image_with_setuid_id(&world) else { return };
    let (before, kinds) = gained(&world, &spec);
    let alone = kinds.contains(&LimitationKind::SingleUser);
    let own = if alone { 0 } else { 3434 };
    let refused = format!("{own}\nNoNewPrivs: 1\nSeccomp: 2\n");
    assert_eq!(before, refused);
    assert!(!kinds.contains(&LimitationKind::Setuid), "{kinds:?}");

    world.runtime.allow_setuid();
    let (after, kinds) = gained(&world, &spec);
    if kinds.contains(&LimitationKind::Setuid) {
        // The ids inside are the host's, or there is only one: nothing is gained, and it is said.
        assert_eq!(after, refused);
    } else {
        assert!(!alone);
        assert_eq!(after, "0\nNoNewPrivs: 0\nSeccomp: 2\n");
    }
}
