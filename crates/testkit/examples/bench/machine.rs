//! What machine it is, and how busy.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    time::Instant,
};

use anyhow::Result;

use crate::{
    place::Place,
    table::{Times, millis},
};

/// What the numbers depend on, one line each.
pub(crate) fn facts(place: &Place) -> Result<Vec<String>> {
    let cores = std::thread::available_parallelism()?;
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let built = place.binary.parent().and_then(Path::file_name).unwrap_or_default();
    let (sync, disk) = (syncing(&place.scratch)?, file_system(&place.scratch));
    Ok(vec![
        format!("cores    {cores} ({})", field("/proc/cpuinfo", "model name")),
        format!("memory   {}", field("/proc/meminfo", "MemTotal")),
        format!("kernel   Linux {}", first_line("/proc/sys/kernel/osrelease")),
        format!("load     {} at the start (1, 5, 15 minutes)", averages(3)),
        format!("program  {} build, measured by a {profile} build", built.to_string_lossy()),
        format!(
            "scratch  {disk}; append of 4 KiB and fdatasync: p50 {} ms, p95 {} ms",
            millis(sync.share(50)),
            millis(sync.share(95))
        ),
    ])
}

/// Returns the load of the last minute.
pub(crate) fn load() -> String {
    averages(1)
}

fn averages(count: usize) -> String {
    let line = first_line("/proc/loadavg");
    line.split(' ').take(count).collect::<Vec<_>>().join(" ")
}

fn first_line(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}

/// Returns the first value of a name in a file of `name : value`.
pub(crate) fn field(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let found = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    });
    found.unwrap_or_else(|| "unknown".to_owned())
}

/// What the directory lies on: memory makes fsync free, which would not be a fair number.
fn file_system(directory: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let fitting = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (at, kind) = (words.next()?, words.next()?);
        directory.starts_with(at).then_some((at.len(), kind))
    });
    // Of mounts on the same place, the last one counts.
    let found = fitting.max_by_key(|(length, _)| *length).map_or("unknown", |(_, kind)| kind);
    match found {
        "tmpfs" => "tmpfs (memory: fsync costs nothing here)".to_owned(),
        kind => format!("{kind} (disk)"),
    }
}

/// How long a small durable write takes here.
fn syncing(directory: &Path) -> Result<Times> {
    let mut file = File::create(directory.join("sync"))?;
    let mut times = Times::default();
    for _ in 0..50 {
        let began = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    Ok(times)
}
