//! stub
pub(crate) fn run(_args: &crate::cli::DemoArgs) -> Result<(), crate::config::Failure> {
    Ok(())
}
