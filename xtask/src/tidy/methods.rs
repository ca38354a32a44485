//! No type has more methods than people can know, however many files they are spread over.
//!
//! A type that everything is a method of has no interface: whatever holds it can do everything, and no
//! signature says what a part of it needs. Methods of traits do not count, for the trait limits them.

use super::{modules::Modules, report::report, source};

/// Methods that people can know of one type. The parser of patterns and the compiler's `Expander` come close.
const MOST: usize = 50;

/// Types that may have more, by the file that defines them, each with why.
const EXCEPT: &[(&str, &str, &str)] = &[(
    "crates/store/src/store.rs",
    "Store",
    "a handle to the database: each method is one question or change, in the file of its tables",
)];

fn crowded(modules: &Modules<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for (source, name, files) in modules.methods() {
        let count: usize = files.values().sum();
        let is_except =
            EXCEPT.iter().any(|(path, except, _)| *path == source.path && *except == name);
        if count > MOST && !is_except {
            let files: Vec<_> =
                files.iter().map(|(file, count)| format!("{count} in {file}")).collect();
            found.push(format!(
                "{}: `{name}` has {count} methods: {}",
                source.path,
                files.join(", ")
            ));
        }
    }
    found
}

#[test]
fn no_type_has_too_many_methods() {
    let rule =
        format!("a type has {MOST} methods at most, over all files: split it by what they use");
    report(&rule, crowded(Modules::of_workspace()));
}

#[test]
fn every_exception_is_one() {
    let counts = Modules::of_workspace().methods();
    for (path, except, why) in EXCEPT {
        let mut own =
            counts.iter().filter(|(source, name, _)| source.path == *path && name == except);
        let count: usize = own.next().map_or(0, |(_, _, files)| files.values().sum());
        assert!(count > MOST, "{path}: `{except}` needs no exception ({why})");
    }
}

fn methods(of: &str, count: usize) -> String {
    let methods: Vec<_> = (0..count).map(|at| format!("fn m{at}(&self) {{}}")).collect();
    format!("impl {of} {{ {} }}", methods.join(" "))
}

#[test]
fn methods_of_one_type_are_counted_over_all_its_files() {
    let lib = format!("mod a; mod b; mod c; pub struct Large; {}", methods("Large", 20));
    let a = format!("use crate::Large; {}", methods("Large", 20));
    let b = format!("use crate as all; {}", methods("all::Large", MOST - 39));
    // Another one of the same name.
    let c = format!("struct Large; {}", methods("Large", MOST));
    let files = [
        ("crates/x/src/lib.rs", lib.as_str()),
        ("crates/x/src/a.rs", &a),
        ("crates/x/src/b.rs", &b),
        ("crates/x/src/c.rs", &c),
    ];
    let found = crowded(&Modules::read(&source::sample(&files)));
    let count = MOST + 1;
    let expected = format!(
        "crates/x/src/lib.rs: `Large` has {count} methods: 20 in crates/x/src/a.rs, \
         {} in crates/x/src/b.rs, 20 in crates/x/src/lib.rs",
        MOST - 39
    );
    assert_eq!(found, [expected]);
}

#[test]
fn methods_of_traits_do_not_count() {
    let text =
        format!("struct Large; {} impl Many for Large {{ fn a() {{}} }}", methods("Large", MOST));
    assert!(crowded(&Modules::read(&source::sample(&[("crates/x/src/lib.rs", &text)]))).is_empty());
}
