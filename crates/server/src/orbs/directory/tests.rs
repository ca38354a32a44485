//! Proves what a directory of orbs answers, and that no name leads out of it.

use std::os::unix::fs::symlink;

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = folder.0.path().join("orbs").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn directory(&self) -> Directory {
        Directory::of_server(&self.0.path().join("orbs"))
    }

    fn found(&self, reference: &str) -> Option<Orb> {
        match self.directory().find(&reference.parse().unwrap()) {
            Answer::Found(orb) => Some(*orb),
            Answer::Absent(_) => None,
            Answer::Failed(reason) => panic!("{reason}"),
        }
    }

    fn stand_in(&self, reference: &str) -> Option<Orb> {
        match self.directory().find_stand_in(&reference.parse().unwrap()) {
            Answer::Found(orb) => Some(*orb),
            Answer::Absent(_) => None,
            Answer::Failed(reason) => panic!("{reason}"),
        }
    }
}

#[test]
fn cfg_162_a_file_is_a_version_and_a_range_takes_the_highest() {
    let folder = Folder::with(&[
        ("acme/tools/1.2.9.yml", "nine"),
        ("acme/tools/1.2.10.yml", "ten"),
        ("acme/tools/2.0.0.yml", "two"),
        ("acme/tools/README.md", "not a version"),
    ]);
    let orb = folder.found("acme/tools@1").unwrap();
    assert_eq!(
        (orb.name.as_str(), orb.version.as_str(), &*orb.text),
        ("acme/tools", "1.2.10", "ten")
    );
    assert_eq!(orb.digest, digest("ten"));
    assert_eq!(orb.notice, None);
    assert_eq!(folder.found("acme/tools").unwrap().version, "2.0.0");
    assert_eq!(folder.found("acme/tools@3"), None);
    assert_eq!(folder.found("acme/other@1"), None);
    assert_eq!(folder.found("https://x.test/acme/tools.yml"), None);
}

#[test]
fn cfg_163_a_label_has_a_file_even_when_it_has_slashes() {
    let folder = Folder::with(&[
        ("a/b/dev_first.yml", "1"),
        ("a/b/dev_ada%2Fmore%7E.yml", "2"),
        ("a/b/dev_100%.yml", "3"),
    ]);
    assert_eq!(folder.found("a/b@dev:first").unwrap().version, "dev:first");
    assert_eq!(&*folder.found("a/b@dev:ada/more~").unwrap().text, "2");
    assert_eq!(folder.found("a/b@dev:second"), None);
    assert_eq!(file_stem("dev:ada/more~"), "dev_ada%2Fmore%7E");
    assert_eq!(version_of("dev_100%"), "dev:100%");
}

#[test]
fn a_stand_in_is_used_only_where_nothing_fits_and_says_so() {
    let folder = Folder::with(&[
        ("a/b/1.0.0.yml", "real"),
        ("a/b/1.0.0~inferred.yml", "guess"),
        ("a/b/1.1.0~inferred.yml", "near"),
        ("a/c/HEAD-1234.yml", "head"),
        ("APPROX.tsv", "# why\nref\tstand_in\treason\na/c@9\ta/c/HEAD-1234.yml\thead-only\n"),
    ]);
    assert_eq!(&*folder.found("a/b@1.0.0").unwrap().text, "real");
    assert_eq!(folder.found("a/b@1.1.0"), None);
    let near = folder.stand_in("a/b@1.1.0").unwrap();
    assert_eq!((near.version.as_str(), &*near.text), ("1.1.0", "near"));
    assert!(near.notice.unwrap().contains("stands in for a/b@1.1.0"));
    let head = folder.stand_in("a/c@9").unwrap();
    assert_eq!((head.name.as_str(), head.version.as_str()), ("a/c", "HEAD-1234"));
    assert!(head.notice.unwrap().contains("head-only"));
    assert_eq!(folder.stand_in("a/c@8"), None);
}

#[test]
fn versions_that_exist_are_listed_from_the_highest() {
    let folder = Folder::with(&[
        ("a/b/1.9.0.yml", ""),
        ("a/b/1.10.0.yml", ""),
        ("a/b/2.0.0-rc.1.yml", ""),
        ("a/b/dev_x.yml", ""),
    ]);
    let answer = folder.directory().find(&"a/b@7".parse().unwrap());
    let Answer::Absent(versions) = answer else { panic!("{answer:?}") };
    assert_eq!(versions, ["1.10.0", "1.9.0", "2.0.0-rc.1", "dev:x"]);
}

/// Names come from any branch of any repository.
#[test]
fn no_name_leads_out_of_the_folder() {
    let folder = Folder::with(&[
        ("a/b/1.0.0.yml", "in"),
        ("APPROX.tsv", "a/x@1\t../../secret/s/1.0.0.yml\tx\n"),
    ]);
    let secret = folder.0.path().join("secret/s");
    fs::create_dir_all(&secret).unwrap();
    fs::write(secret.join("1.0.0.yml"), "out").unwrap();
    symlink(&secret, folder.0.path().join("orbs/a/linked")).unwrap();
    symlink(secret.join("1.0.0.yml"), folder.0.path().join("orbs/a/b/2.0.0.yml")).unwrap();
    for reference in ["../secret@1.0.0", "../..@1", "./b@1.0.0", "a/..@1.0.0", "a/linked@1.0.0"] {
        let reference = reference.parse::<OrbReference>();
        // A slash in a namespace is refused before; what is left must find nothing here.
        let Ok(reference) = reference else { continue };
        for answer in
            [folder.directory().find(&reference), folder.directory().find_stand_in(&reference)]
        {
            assert!(!matches!(answer, Answer::Found(_)), "{reference}: {answer:?}");
        }
    }
    let out = folder.directory().find(&"a/b@2.0.0".parse().unwrap());
    assert!(matches!(out, Answer::Failed(_)), "{out:?}");
    let out = folder.directory().find_stand_in(&"a/x@1".parse().unwrap());
    assert!(matches!(out, Answer::Failed(_)), "{out:?}");
    let pinned = folder.directory().pinned(&"a/b@1".parse().unwrap(), "../../../secret/s/1.0.0");
    assert!(!matches!(pinned, Answer::Found(_)), "{pinned:?}");
}

#[test]
fn what_is_too_large_or_not_text_is_an_error_and_not_an_orb() {
    let folder = Folder::with(&[("a/b/1.0.0.yml", "")]);
    let path = folder.0.path().join("orbs/a/b/1.0.0.yml");
    let ask = || folder.directory().find(&"a/b@1".parse().unwrap());
    File::create(&path).unwrap().set_len(ORB_BYTES + 1).unwrap();
    assert!(matches!(ask(), Answer::Failed(reason) if reason.contains("more than")));
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(matches!(ask(), Answer::Failed(reason) if reason.contains("UTF-8")));
    fs::write(&path, "fine").unwrap();
    assert!(matches!(ask(), Answer::Found(_)));
}
