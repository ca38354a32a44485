pub(crate) struct CronError {
    pub(crate) message: String,
    pub(crate) help: String,
}
pub(crate) fn check(_text: &str) -> Result<Vec<String>, CronError> {
    Ok(Vec::new())
}
