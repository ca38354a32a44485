//! A runner whose disk is full: its jobs end, it is not their fault, and it recovers.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use roundel_model::status::JobStatus;

use super::{KIND, Scene, job, spoken};

/// A small disk that only one test uses.
struct Disk(PathBuf);

impl Disk {
    /// Mounts one; `None` where that is not allowed.
    fn mount(at: &Path, megabytes: u32) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let size = format!("size={megabytes}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at);
        mount.output().ok()?.status.success().then(|| Self(at.to_owned()))
    }

    /// Takes all the room there is.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("ballast");
        let mut file = fs::File::create(&path).unwrap();
        for size in [1 << 20, 4096, 1] {
            let piece = vec![0; size];
            while file.write_all(&piece).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a runner that was just killed may still be on its way out.
        let _status = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_whose_disk_is_full_says_so_and_recovers() {
    let mut scene = Scene::with("web").await;
    let at = scene.installation.directory.path().join("runner");
    let Some(disk) = Disk::mount(&at, 32) else {
        roundel_testkit::skip::notice("a runner with a full disk", "mounting needs root");
        return;
    };
    scene.installation.start_runner();
    let sha = scene.push("web", &job("before", "true"), "Before").await;
    scene.installation.statuses(KIND, "web", &sha, &[("ci/roundel: before", "success")]).await;

    // Full from the beginning of a job.
    let ballast = disk.fill();
    let sha = scene.push("web", &job("full", "true"), "Full").await;
    let (status, page) = scene.follow((KIND, "web"), &sha, ("ci/roundel: full", "error")).await;
    let said = spoken(&page.text);
    assert!(status.description.contains("could not run your tests"), "{status:?}");
    assert!(said.contains("full") && said.contains("ree some space"), "{said}");
    assert_eq!(scene.job(&sha, "full").await.status, JobStatus::InfrastructureFail);
    fs::remove_file(ballast).unwrap();

    // Filled by the log of a step, which the runner keeps until the job is over.
    let flood = "head -c 60M /dev/urandom | base64";
    let sha = scene.push("web", &job("filling", flood), "Filling").await;
    let (status, page) = scene.follow((KIND, "web"), &sha, ("ci/roundel: filling", "error")).await;
    let said = spoken(&page.text);
    assert!(status.description.contains("disk is full"), "{status:?}");
    assert!(said.contains("Free some space in its data directory"), "{said}");

    let sha = scene.push("web", &job("after", "true"), "After").await;
    scene.installation.statuses(KIND, "web", &sha, &[("ci/roundel: after", "success")]).await;
    drop(scene);
    drop(disk);
}
