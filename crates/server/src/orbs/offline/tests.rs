//! Proves what a directory and a lock file say together.

use std::{fs, path::PathBuf};

use roundel_config::orbs::Orb;

use super::*;

struct Fixture(tempfile::TempDir);

impl Fixture {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(place.orbs()).unwrap();
        place
    }

    fn orbs(&self) -> PathBuf {
        self.0.path().join("orbs")
    }

    fn lock(&self) -> PathBuf {
        self.0.path().join("orbs.lock")
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.orbs().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn open(&self) -> Offline {
        Offline::new(Some(&self.orbs()), Some(&self.lock())).unwrap()
    }

    /// Looks for an orb and writes down what was found.
    fn resolve_and_lock(&self, reference: &str) -> Arc<Orb> {
        let offline = self.open();
        let orb = found(&offline, reference);
        let resolved = ResolvedOrb {
            requested: reference.to_owned(),
            resolved: format!("{}@{}", orb.name, orb.version),
            digest: orb.digest.clone(),
            origin: orb.origin.clone(),
            transitive: false,
        };
        offline.write_lock(&[resolved]).unwrap();
        orb
    }
}

fn found(offline: &Offline, reference: &str) -> Arc<Orb> {
    match offline.find(&reference.parse().unwrap()) {
        Resolution::Found(orb) => orb,
        Resolution::Missing(missing) => panic!("{reference}: {missing:?}"),
    }
}

fn missing(offline: &Offline, reference: &str) -> Missing {
    match offline.find(&reference.parse().unwrap()) {
        Resolution::Missing(missing) => missing,
        Resolution::Found(orb) => panic!("{reference}: {orb:?}"),
    }
}

/// An old commit must compile to what it compiled to, whatever was published since.
#[test]
fn a_locked_reference_keeps_its_version_when_a_higher_one_appears() {
    let place = Fixture::new();
    place.put("a/b/1.0.0.yml", "first");
    place.resolve_and_lock("a/b@1");
    place.put("a/b/1.1.0.yml", "second");
    assert_eq!(found(&place.open(), "a/b@1").version, "1.0.0");
    assert_eq!(found(&place.open(), "a/b@volatile").version, "1.1.0", "it is not pinned");
    fs::remove_file(place.lock()).unwrap();
    assert_eq!(found(&place.open(), "a/b@1").version, "1.1.0");
}

#[test]
fn a_source_that_is_not_the_locked_one_is_refused_and_both_digests_are_shown() {
    let place = Fixture::new();
    place.put("a/b/1.0.0.yml", "first");
    let orb = place.resolve_and_lock("a/b@1");
    place.put("a/b/1.0.0.yml", "changed");
    let missing = missing(&place.open(), "a/b@1");
    let error = missing.error.unwrap();
    assert!(error.contains("pins a/b@1.0.0"), "{error}");
    assert!(error.contains(orb.digest.get(..12).unwrap()), "{error}");
    assert!(error.contains(super::super::digest("changed").get(..12).unwrap()), "{error}");
    assert!(missing.help.unwrap().contains("delete its entry"));
}

#[test]
fn a_locked_version_that_is_gone_is_not_replaced_in_silence() {
    let place = Fixture::new();
    place.put("a/b/1.0.0.yml", "first");
    place.resolve_and_lock("a/b@1");
    place.put("a/b/1.1.0.yml", "second");
    fs::remove_file(place.orbs().join("a/b/1.0.0.yml")).unwrap();
    let missing = missing(&place.open(), "a/b@1");
    assert!(missing.error.unwrap().contains("a/b@1.0.0, which is not there"));
    assert_eq!(missing.versions, ["1.1.0"]);
}

#[test]
fn stand_ins_can_be_locked_too() {
    let place = Fixture::new();
    place.put("a/b/1.0.0~inferred.yml", "near");
    place.put("a/c/HEAD-1234.yml", "head");
    place.put("APPROX.tsv", "a/c@9\ta/c/HEAD-1234.yml\thead-only\n");
    for reference in ["a/b@1", "a/c@9"] {
        let first = place.resolve_and_lock(reference);
        let again = found(&place.open(), reference);
        assert_eq!((&first.version, &first.digest), (&again.version, &again.digest));
    }
}

#[test]
fn a_missing_orb_names_the_folder_the_versions_and_the_way_to_provide_it() {
    let place = Fixture::new();
    place.put("a/b/1.0.0.yml", "first");
    let missing = missing(&place.open(), "a/b@2.3.4");
    assert!(missing.looked_in[0].contains("orbs"), "{:?}", missing.looked_in);
    assert_eq!(missing.versions, ["1.0.0"]);
    assert!(missing.help.unwrap().contains("DIR/a/b/2.3.4.yml"));
    let nowhere = super::Offline::new(None, None).unwrap();
    let Resolution::Missing(missing) = nowhere.find(&"a/b@1".parse().unwrap()) else { panic!() };
    assert!(missing.help.unwrap().contains("--orbs DIR"));
}

#[test]
fn a_missing_folder_is_reported_at_once() {
    let error = Offline::new(Some(Path::new("/nowhere/at/all")), None).unwrap_err().to_string();
    assert!(error.contains("/nowhere/at/all"), "{error}");
    let error = Offline::new(None, None).unwrap().write_lock(&[]).unwrap_err();
    assert_eq!(error.to_string(), "no lock file was named");
}

/// Every version and every stand-in that the corpus lists is found in its directory.
#[test]
fn the_folder_of_the_corpus_is_understood() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/orbs");
    let Ok(index) = fs::read_to_string(root.join("ORBS.tsv")) else {
        roundel_testkit::skip::notice(
            "the_folder_of_the_corpus_is_understood",
            "there is no corpus next to the project",
        );
        return;
    };
    let offline = Offline::new(Some(&root), None).unwrap();
    let mut seen = 0;
    for line in index.lines().skip(1) {
        let mut columns = line.split('\t');
        let (orb, version) = (columns.next().unwrap(), columns.next().unwrap());
        // Commits without a version are reached as stand-ins only.
        let Ok(reference) = format!("{orb}@{version}").parse::<OrbReference>() else { continue };
        let Resolution::Found(found) = offline.find(&reference) else { panic!("{reference}") };
        assert_eq!((found.name.as_str(), found.version.as_str()), (orb, version));
        seen += 1;
    }
    assert!(seen > 200, "{seen}");
    let list = fs::read_to_string(root.join("APPROX.tsv")).unwrap();
    for line in list.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let reference = line.split('\t').next().unwrap();
        let Ok(parsed) = reference.parse::<OrbReference>() else { continue };
        let Resolution::Found(found) = offline.find(&parsed) else { panic!("{reference}") };
        assert!(found.notice.is_some(), "{reference}");
    }
}
