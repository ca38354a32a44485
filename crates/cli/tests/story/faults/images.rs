//! Images that do not exist: the job ends in its first step, and says what to look at.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use roundel_model::status::JobStatus;

use super::{KIND, Scene, spoken};

fn config(images: &[(&str, &str)]) -> String {
    let mut text = "version: 2.1\njobs:\n".to_owned();
    for (name, image) in images {
        text.push_str(&format!(
            "  {name}:\n    docker: [{{ image: \"{image}\" }}]\n    steps: [run: echo never]\n"
        ));
    }
    let names: Vec<_> = images.iter().map(|(name, _)| *name).collect();
    text.push_str(&format!("workflows:\n  main:\n    jobs: [{}]\n", names.join(", ")));
    text
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Debian's registry, empty.
struct Registry {
    child: Child,
    port: u16,
}

impl Registry {
    fn start(directory: &Path) -> Option<Self> {
        let port = free_port();
        let config = directory.join("registry.yml");
        let text = format!(
            "version: 0.1\nlog: {{ level: info }}\nstorage:\n  filesystem: {{ rootdirectory: {} }}\n\
             http: {{ addr: \"127.0.0.1:{port}\" }}\n",
            directory.join("registry").display()
        );
        std::fs::write(&config, text).unwrap();
        let mut child = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("listening on")), "the registry listens");
        // The rest is not read, but the registry must not meet a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { child, port })
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_does_not_exist_ends_its_job_in_the_first_step_and_says_what_to_do() {
    let mut scene = Scene::with("web").await;
    scene.installation.start_runner();
    // A port that no other process takes: a free one might be taken meanwhile.
    let unreachable = "127.0.0.1:1/nobody/there:1";
    let registry = Registry::start(scene.installation.directory.path());
    if registry.is_none() {
        roundel_testkit::skip::notice("an image that a registry lacks", "no docker-registry");
    }
    let absent = registry.as_ref().map(|found| format!("127.0.0.1:{}/acme/absent:1", found.port));
    let mut images = vec![("closed", unreachable), ("nonsense", "Not An Image!")];
    images.extend(absent.as_deref().map(|image| ("absent", image)));
    let sha = scene.push("web", &config(&images), "Images that do not exist").await;

    // A registry that is down is not the fault of the configuration's author.
    let (status, page) = scene.follow((KIND, "web"), &sha, ("ci/roundel: closed", "error")).await;
    let said = spoken(&page.text);
    assert!(status.description.contains("cannot be reached"), "{status:?}");
    assert!(said.contains(unreachable) && said.contains("check the network"), "{said}");
    assert_eq!(scene.job(&sha, "closed").await.status, JobStatus::InfrastructureFail);

    let mut asked = vec![("nonsense", "write it as name:tag")];
    asked.extend(absent.as_ref().map(|_| ("absent", "check the name and the tag")));
    for (name, way_out) in asked {
        let context = format!("ci/roundel: {name}");
        let (_, page) = scene.follow((KIND, "web"), &sha, (&context, "failure")).await;
        let said = spoken(&page.text);
        assert!(said.contains(way_out), "{name}: {said}");
        let job = scene.job(&sha, name).await;
        assert_eq!(job.status, JobStatus::Failed, "{name}");
        let steps = scene.store.steps(job.id).await.unwrap();
        assert_eq!(steps.len(), 1, "no step ran: {steps:#?}");
        assert_eq!((steps[0].number, steps[0].name.as_str()), (0, "Spin up environment"));
    }
}
