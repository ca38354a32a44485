//! Cgroups, on trees of plain files: what the machine at hand has is for `tests/container.rs`.
