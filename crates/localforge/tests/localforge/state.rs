//! What is kept between two runs.

use std::{fs, io::ErrorKind};

use roundel_localforge::{ForgeKind, LocalForge, Settings};

use crate::world::World;

/// A forge that started with an empty state would write that over the damaged file, and users,
/// repositories and webhooks would be gone.
#[tokio::test]
async fn a_damaged_state_file_stops_the_start_and_stays_as_it_is() {
    let World { forge, folder, .. } = World::new().await;
    forge.stop().await.unwrap();
    let directory = folder.path().join("forge");
    let file = directory.join("bitbucket.json");
    let whole = fs::read_to_string(&file).unwrap();
    let settings = Settings::on_loopback(directory.clone());
    let half = whole.get(..whole.len() / 2).unwrap();
    for damaged in [half, "", "null", "[1]", "{\"users\": 1}"] {
        fs::write(&file, damaged).unwrap();
        let error = LocalForge::start(settings.clone()).await.err().expect("it does not start");
        let said = error.to_string();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{said}");
        assert!(said.contains(&format!("`{}`", file.display())), "{said}");
        assert!(said.contains("is damaged") && said.contains("move it away"), "{said}");
        assert_eq!(fs::read_to_string(&file).unwrap(), damaged);
    }
    fs::write(&file, whole).unwrap();
    let forge = LocalForge::start(settings).await.unwrap();
    for kind in ForgeKind::ALL {
        assert!(forge.repository_id(kind, "acme", "web").is_some(), "{kind}");
    }
}
