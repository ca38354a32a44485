//! The resource classes of the hosted service, and how large they are (`RUN` §6.3).

/// What a task of a class may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) processors: u32,
    pub(crate) memory_gigabytes: u64,
}

/// Returns the size of a class; nothing for a runner's own, where the machine is the limit.
pub(crate) fn size(class: &str) -> Option<Size> {
    let name = class.trim_end_matches(".gen2").trim_end_matches(".gen3");
    let (processors, memory_gigabytes) = match name {
        "small" => (1, 2),
        "medium" => (2, 4),
        "medium+" => (3, 6),
        "large" => (4, 8),
        "xlarge" => (8, 16),
        "2xlarge" => (16, 32),
        "2xlarge+" => (20, 40),
        _ => return None,
    };
    Some(Size { processors, memory_gigabytes })
}

/// Returns whether a class is one of the hosted service, and not one that the owner of a runner named.
pub(crate) fn is_standard(class: &str) -> bool {
    let families = ["arm.", "gpu.nvidia.", "windows."];
    size(class).is_some() || families.iter().any(|family| class.starts_with(family))
}
