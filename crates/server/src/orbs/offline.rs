//! Orbs without a server: a directory and a lock file, for commands that work on a laptop.
//!
//! Nothing here waits for a network, so that `find` can be handed to
//! [`compile_with_orbs`](roundel_config::compile_with_orbs).

use std::{io, path::Path, sync::Arc};

use roundel_config::orbs::{Missing, OrbReference, OrbVersion, Resolution, ResolvedOrb};

use super::{
    answer::Answer,
    directory::Directory,
    lock::{Lock, Pin},
};

/// A directory and a lock file, both optional.
#[derive(Clone, Debug)]
pub struct Offline {
    directory: Option<Directory>,
    lock: Option<Lock>,
}

impl Offline {
    /// Opens a directory in the layout `<namespace>/<name>/<version>.yml` and a lock file. A lock file
    /// that is not there is an empty one; it is made by [`Offline::write_lock`].
    ///
    /// # Errors
    ///
    /// If the directory is not there, or the lock file cannot be read.
    pub fn new(dir: Option<&Path>, lock: Option<&Path>) -> io::Result<Self> {
        if let Some(dir) = dir
            && !dir.is_dir()
        {
            let reason = format!("there is no directory `{}` to take orbs from", dir.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, reason));
        }
        let lock = lock.map(Lock::open).transpose()?;
        Ok(Self { directory: dir.map(Directory::of_user), lock })
    }

    /// Looks for an orb: what the lock file pins and nothing else, or the best version in the
    /// directory, or a stand-in for it.
    pub fn find(&self, reference: &OrbReference) -> Resolution {
        if let Some(lock) = &self.lock
            && let Some(pin) = lock.pin(reference)
        {
            return self.find_pinned(reference, lock, pin);
        }
        let Some(directory) = &self.directory else {
            return Resolution::Missing(Missing {
                looked_in: Vec::new(),
                help: Some(reference.how_to_provide()),
                ..Missing::default()
            });
        };
        let answer = match directory.find(reference) {
            Answer::Absent(versions) => match directory.find_stand_in(reference) {
                Answer::Absent(_) => Answer::Absent(versions),
                better @ (Answer::Found(_) | Answer::Failed(_)) => better,
            },
            answer @ (Answer::Found(_) | Answer::Failed(_)) => answer,
        };
        answer.resolve(&directory.shown, || reference.how_to_provide())
    }

    /// Returns whether the lock file has a pin for what an orb was asked for by; also for an orb that no
    /// lock file can pin, for it has no digest.
    pub fn pins(&self, orb: &ResolvedOrb) -> bool {
        self.lock.as_ref().is_some_and(|lock| lock.pins(orb))
    }

    /// Writes the lock file: its pins and those of the orbs given, as
    /// [`Compiled::orbs`](roundel_config::Compiled::orbs) lists them.
    ///
    /// # Errors
    ///
    /// If it cannot be written, or no lock file was named.
    pub fn write_lock(&self, orbs: &[ResolvedOrb]) -> io::Result<()> {
        let Some(lock) = &self.lock else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no lock file was named"));
        };
        lock.write(orbs)
    }

    fn find_pinned(&self, reference: &OrbReference, lock: &Lock, pin: &Pin) -> Resolution {
        let mut missing = Missing { looked_in: vec![lock.shown()], ..Missing::default() };
        let pinned = format!("{}@{}", pin.name, pin.version).parse::<OrbReference>();
        // A stand-in may be of another orb, and of a version that no reference can name.
        let of = match pinned {
            Ok(pinned) => pinned,
            Err(_) => match pin.name.split_once('/') {
                Some((namespace, name)) => OrbReference {
                    namespace: namespace.to_owned(),
                    name: name.to_owned(),
                    version: OrbVersion::Volatile,
                },
                None => reference.clone(),
            },
        };
        let Some(directory) = &self.directory else {
            missing.help = Some(reference.how_to_provide());
            return Resolution::Missing(missing);
        };
        missing.looked_in.push(directory.shown.clone());
        match directory.pinned(&of, &pin.version) {
            Answer::Found(orb) if orb.digest == pin.sha256 => Resolution::Found(Arc::from(orb)),
            Answer::Found(orb) => {
                missing.error = Some(format!(
                    "{} pins {} with the digest {}…, but `{}` has {}…",
                    lock.shown(),
                    pin.resolved(),
                    pin.sha256.get(..12).unwrap_or_default(),
                    orb.origin,
                    orb.digest.get(..12).unwrap_or_default(),
                ));
                missing.help = Some(format!(
                    "restore the source of {}, or delete its entry in the lock file if the change \
                     is meant",
                    pin.resolved()
                ));
                Resolution::Missing(missing)
            }
            Answer::Absent(versions) => {
                missing.error =
                    Some(format!("{} pins {}, which is not there", lock.shown(), pin.resolved()));
                missing.versions = versions;
                missing.help = Some(format!(
                    "provide {}, or delete its entry in the lock file to look for {reference} again",
                    pin.resolved()
                ));
                Resolution::Missing(missing)
            }
            Answer::Failed(reason) => {
                missing.error = Some(reason);
                Resolution::Missing(missing)
            }
        }
    }
}

#[cfg(test)]
mod tests;
