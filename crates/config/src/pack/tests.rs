//! Directories and the documents that they make.

use super::*;
use crate::read::document::to_yaml;

fn files(files: &[(&str, &str)]) -> Vec<PackFile> {
    let file = |&(path, text): &(&str, &str)| PackFile { path: path.into(), text: text.into() };
    files.iter().map(file).collect()
}

fn packed(of: &[(&str, &str)]) -> String {
    to_yaml(&pack(&files(of), &mut no_include).unwrap())
}

fn problems(of: &[(&str, &str)]) -> Vec<String> {
    let problems = pack(&files(of), &mut no_include).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

fn no_include(_: &str) -> Result<String, String> {
    Err("which does not exist".to_owned())
}

#[test]
fn directories_and_files_are_keys_and_the_top_is_merged() {
    let text = packed(&[
        ("jobs/build.yml", "docker: [{image: alpine}]\nsteps: [checkout]\n"),
        ("commands/greet.yaml", "steps:\n  - run: echo hi\n"),
        ("@orb.yml", "version: 2.1\ndescription: kit\n"),
        ("README.md", "# no"),
        (".hidden.yml", "no: 1"),
        ("jobs/.git/x.yml", "no: 1"),
        ("scripts/greet.sh", "echo"),
    ]);
    assert_eq!(
        text,
        "version: 2.1\ndescription: kit\ncommands:\n  greet:\n    steps:\n    - run: echo hi\n\
         jobs:\n  build:\n    docker:\n    - image: alpine\n    steps:\n    - checkout\n"
    );
}

#[test]
fn what_begins_with_an_at_sign_goes_into_the_level_above() {
    let text = packed(&[
        ("config.yml", "version: 2.1\n"),
        ("commands/@shared.yml", "one: {steps: [checkout]}\ntwo: {steps: [checkout]}\n"),
        ("commands/three.yml", "steps: [checkout]\n"),
        ("@more/executors.yml", "tiny: {docker: [{image: alpine}]}\n"),
        ("commands/@cloud/login.yml", "steps: [checkout]\n"),
    ]);
    assert_eq!(
        text,
        "version: 2.1\nexecutors:\n  tiny:\n    docker:\n    - image: alpine\ncommands:\n  one:\n    \
         steps:\n    - checkout\n  two:\n    steps:\n    - checkout\n  three:\n    steps:\n    - \
         checkout\n  login:\n    steps:\n    - checkout\n"
    );
}

#[test]
fn directories_within_a_section_are_for_order_as_in_the_new_client() {
    let steps = "steps: [checkout]\n";
    let text = packed(&[
        ("@orb.yml", "version: 2.1\n"),
        ("commands/top.yml", steps),
        ("commands/cloud/login.yml", steps),
        ("commands/cloud/deep/auth.yml", steps),
        ("workflows/nightly/soak.yml", "jobs: [soak]\n"),
        ("orbs/kit/commands/greet.yml", steps),
    ]);
    assert_eq!(
        text,
        "version: 2.1\ncommands:\n  top:\n    steps:\n    - checkout\n  login:\n    steps:\n    - \
         checkout\n  auth:\n    steps:\n    - checkout\norbs:\n  kit:\n    commands:\n      greet:\n        \
         steps:\n        - checkout\nworkflows:\n  soak:\n    jobs:\n    - soak\n"
    );
}

#[test]
fn a_directory_that_holds_one_definition_is_that_definition_as_in_the_old_client() {
    let text = packed(&[
        ("config.yml", "version: 2.1\n"),
        ("jobs/build/@base.yml", "docker: [{image: alpine}]\n"),
        ("jobs/build/steps.yml", "- checkout\n- run: make\n"),
        ("jobs/build/environment/MODE.yml", "fast\n"),
        ("jobs/test.yml", "docker: [{image: alpine}]\n"),
        ("jobs/test/steps.yml", "[checkout]\n"),
    ]);
    assert_eq!(
        text,
        "version: 2.1\njobs:\n  test:\n    docker:\n    - image: alpine\n    steps:\n    - checkout\n  \
         build:\n    docker:\n    - image: alpine\n    steps:\n    - checkout\n    - run: make\n    \
         environment:\n      MODE: fast\n"
    );
}

#[test]
fn sections_may_be_spread_over_the_files_of_the_top() {
    let text = packed(&[
        ("a.yml", "version: 2.1\ncommands: {one: {steps: []}}\n"),
        ("b.yml", "commands: {two: {steps: []}}\n"),
        ("commands/three.yml", "steps: []\n"),
    ]);
    assert_eq!(
        text,
        "version: 2.1\ncommands:\n  one:\n    steps: []\n  two:\n    steps: []\n  three:\n    steps: []\n"
    );
}

#[test]
fn an_anchor_of_any_file_is_known_in_all() {
    let text = packed(&[
        ("commands/greet.yml", "description: *mine\nsteps: *later\n"),
        ("x-shared/@anchors.yml", "mine: &mine hello\nlist: &later [*image, checkout]\n"),
        ("x-shared/z.yml", "image: &image {run: *mine}\nown: &mine other\nuse: *mine\n"),
    ]);
    assert_eq!(
        text,
        "commands:\n  greet:\n    description: hello\n    steps:\n    - run: hello\n    - checkout\n\
         x-shared:\n  mine: hello\n  list:\n  - run: hello\n  - checkout\n  z:\n    image:\n      run: \
         hello\n    own: other\n    use: other\n"
    );
    let problems =
        pack(&files(&[("a.yml", "a: &a 1\n"), ("b.yml", "b: *nobody\n")]), &mut no_include);
    let Err(problems) = problems else { panic!("an alias without anchor") };
    let [PackError::Yaml { path, diagnostics }] = problems.as_slice() else {
        panic!("{problems:?}")
    };
    assert_eq!((path.as_str(), diagnostics[0].code.as_str()), ("b.yml", "undefined-alias"));
    assert_eq!(diagnostics[0].path, "b.yml");
}

#[test]
fn a_mapping_of_another_file_is_merged() {
    let text = packed(&[
        (
            "commands/@shared.yml",
            "x: &base {description: hi, count: 0755, t: '0755', on: &f 1.20}\n",
        ),
        ("commands/greet.yml", "<<: *base\ndescription: own\nfraction: *f\n"),
        ("jobs/twice.yml", "one: *base\ntwo: {<<: [*base]}\n"),
    ]);
    let base = "count: 493\n    t: '0755'\n    'on': 1.20\n";
    assert_eq!(
        text,
        format!(
            "commands:\n  x:\n    description: hi\n    {base}  greet:\n    description: own\n    \
             fraction: 1.20\n    {base}jobs:\n  twice:\n    one:\n      description: hi\n      \
             {deep}    two:\n      description: hi\n      {deep}",
            deep = base.replace("\n    ", "\n      ")
        )
    );
}

/// Anchors of thousands of files must not grow into each other without end.
#[test]
fn an_alias_bomb_over_many_files_stays_small() {
    let bomb = |level: usize, of: &str| format!("a: &a{level} [{}]\n", vec![of; 20].join(", "));
    let mut of = vec![("f00.yml".to_owned(), bomb(0, "x"))];
    for level in 1..12 {
        of.push((format!("f{level:02}.yml"), bomb(level, &format!("*a{}", level - 1))));
    }
    let of: Vec<_> = of.into_iter().map(|(path, text)| PackFile { path, text }).collect();
    let problems = pack(&of, &mut no_include).unwrap_err();
    let PackError::Yaml { diagnostics, .. } = &problems[0] else { panic!("{problems:?}") };
    assert_eq!(diagnostics[0].code, "expands-too-far");
}

#[test]
fn booleans_and_numbers_come_out_as_they_were_read() {
    let text = packed(&[(
        "commands/vpn.yml",
        "parameters:\n  a: {type: boolean, default: on}\n  b: {type: string, default: \"on\"}\n  \
         c: {type: string, default: '1.20'}\non: 1.20\nmode: 0755\n",
    )]);
    assert_eq!(
        text,
        "commands:\n  vpn:\n    parameters:\n      a:\n        type: boolean\n        default: true\n      b:\n        \
         type: string\n        default: 'on'\n      c:\n        type: string\n        default: '1.20'\n    \
         'on': 1.20\n    mode: 493\n"
    );
}

#[test]
fn the_same_key_in_two_files_names_both() {
    assert_eq!(
        problems(&[
            ("commands/a.yml", "steps: []\n"),
            ("commands/a.yaml", "steps: []\n"),
            ("commands/x/a.yml", "steps: []\nextra: 1\n"),
            ("@orb.yml", "version: 2.1\ncommands: {b: {}}\n"),
            ("orb.yml", "version: 2.1\n"),
            ("commands/b.yml", "steps: []\n"),
            ("jobs.yml", "jobs: 1\n"),
            ("jobs/c.yml", "steps: []\n"),
        ]),
        [
            "`version` is defined twice, in `@orb.yml` and in `orb.yml`",
            "`commands.a` is defined twice, in `commands/a.yaml` and in `commands/a.yml`",
            "`commands.a` is defined twice, in `commands/a.yaml` and in `commands/x/a.yml`",
            "`commands.b` is defined twice, in `@orb.yml` and in `commands/b.yml`",
            "`jobs` is defined twice, in `jobs.yml` and in `jobs/c.yml`",
        ]
    );
}

#[test]
fn what_cannot_be_packed_is_reported() {
    assert_eq!(problems(&[]), ["it contains no YAML files"]);
    assert_eq!(problems(&[("a.txt", "a: 1"), (".b.yml", "b: 1")]), ["it contains no YAML files"]);
    assert_eq!(
        problems(&[("@a.yml", "- 1\n"), ("jobs/@b.yml", "text\n"), ("c.yml", "a: [\n")]),
        [
            "`c.yml` is not valid YAML",
            "`@a.yml` must be a mapping, because its contents are merged into the top level",
            "`jobs/@b.yml` must be a mapping, because its contents are merged into `jobs`",
        ]
    );
}

#[test]
fn cfg_136_an_included_file_becomes_the_text() {
    let mut asked = Vec::new();
    let mut include = |path: &str| {
        asked.push(path.to_owned());
        match path {
            "scripts/greet.sh" => {
                Ok("cat <<EOF\n<< include(scripts/greet.sh) >>\nEOF\n".to_owned())
            }
            "name.txt" => Ok("world".to_owned()),
            _ => Err("which does not exist".to_owned()),
        }
    };
    let command = "description: << include(name.txt) >>\nsteps:\n\
                   - run: {name: hi, command: << include(scripts/../scripts/greet.sh) >>}\n\
                   - run: echo << include(name.txt) >> and << include(name.txt) >>\n";
    let of = files(&[
        ("commands/greet.yml", command),
        ("examples/greet.yml", "usage: << include(name.txt) >>\n"),
    ]);
    let document = pack(&of, &mut include).unwrap();
    assert_eq!(
        to_yaml(&document),
        "commands:\n  greet:\n    description: << include(name.txt) >>\n    steps:\n    - run:\n        \
         name: hi\n        command: |\n          cat \\<<EOF\n          \\<< include(scripts/greet.sh) >>\n          \
         EOF\n    - run: echo world and world\nexamples:\n  greet:\n    usage: << include(name.txt) >>\n"
    );
    let wrong = files(&[(
        "jobs/a.yml",
        "steps: [{run: << include(nowhere.sh) >>}, {run: << include(../../etc/passwd) >>}]\n",
    )]);
    let reported: Vec<String> =
        pack(&wrong, &mut include).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        reported,
        [
            "`jobs/a.yml` includes `nowhere.sh`, which does not exist",
            "`jobs/a.yml` includes `../../etc/passwd`, which is outside the directory",
        ]
    );
    assert_eq!(asked, ["scripts/greet.sh", "name.txt", "name.txt", "nowhere.sh"]);
}
