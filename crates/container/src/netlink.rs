//! rtnetlink.
pub(crate) fn configure(_interface: &crate::wire::Interface) -> std::io::Result<()> {
    Ok(())
}
