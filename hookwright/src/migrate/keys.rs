//! Which master keys open the data folder's secrets, and which one the nodes will have.

use std::path::{Path, PathBuf};

use hookwright_store::Vault;

use crate::failure::{Failure, usage};
use crate::keys::{MASTER_KEY_FILE, given_keys, kept_key};

/// All master keys that there are.
pub(crate) struct Keys {
    given: Vec<Vec<u8>>,
    kept: Option<(Vec<u8>, PathBuf)>,
}

/// Where the nodes' key is to be found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NewKey {
    /// In the setting that this command was given.
    Given,
    /// In this file.
    OfFolder(PathBuf),
}

impl Keys {
    /// The keys given, and the one that a server without one has left in its folder.
    pub(crate) fn find(given: Option<&str>, folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(MASTER_KEY_FILE);
        let keys = Self {
            given: given.map(given_keys).transpose()?.unwrap_or_default(),
            kept: kept_key(&path)?.map(|key| (key, path)),
        };
        if keys.given.is_empty() && keys.kept.is_none() {
            return Err(usage(format!(
                "there is no master key: neither HOOKWRIGHT_MASTER_KEY is set nor is a key in \"{}\"\nhint: give the key or the --data-dir that the server had",
                folder.display()
            )));
        }
        Ok(keys)
    }

    /// Opens whatever one of them sealed.
    pub(crate) fn opening(&self) -> Result<Vault, Failure> {
        let kept = self.kept.iter().map(|(key, _)| key.clone());
        let all: Vec<Vec<u8>> = self.given.iter().cloned().chain(kept).collect();
        Vault::new(&all).map_err(usage)
    }

    /// Seals as the nodes will.
    pub(crate) fn sealing(&self) -> Result<Vault, Failure> {
        if self.given.is_empty() {
            return self.opening();
        }
        Vault::new(&self.given).map_err(usage)
    }

    /// Which one the nodes need.
    pub(crate) fn new_key(&self) -> NewKey {
        match &self.kept {
            Some((_, file)) if self.given.is_empty() => NewKey::OfFolder(file.clone()),
            _ => NewKey::Given,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222222222222222222222222222";

    fn folder_with(key: Option<&str>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        if let Some(key) = key {
            std::fs::write(folder.path().join(MASTER_KEY_FILE), key).expect("written");
        }
        folder
    }

    #[test]
    fn a_given_key_seals_and_the_folders_still_opens() {
        let folder = folder_with(Some(ONE));
        let keys = Keys::find(Some(TWO), folder.path()).expect("found");
        let old = Vault::new(&[vec![0x11; 32]]).expect("a key");
        let new = Vault::new(&[vec![0x22; 32]]).expect("a key");
        let opening = keys.opening().expect("keys");
        assert!(
            opening
                .open("ep", &old.seal("ep", b"s").expect("sealed"))
                .is_ok()
        );
        let sealed = keys
            .sealing()
            .expect("keys")
            .seal("ep", b"s")
            .expect("sealed");
        assert!(new.open("ep", &sealed).is_ok());
        assert_eq!(keys.new_key(), NewKey::Given);
    }

    #[test]
    fn without_a_given_key_the_nodes_need_the_folders() {
        let folder = folder_with(Some(ONE));
        let keys = Keys::find(None, folder.path()).expect("found");
        let file = folder.path().join(MASTER_KEY_FILE);
        assert_eq!(keys.new_key(), NewKey::OfFolder(file));
        let old = Vault::new(&[vec![0x11; 32]]).expect("a key");
        let sealed = keys
            .sealing()
            .expect("keys")
            .seal("ep", b"s")
            .expect("sealed");
        assert!(old.open("ep", &sealed).is_ok());
    }

    #[test]
    fn no_key_at_all_is_refused() {
        let folder = folder_with(None);
        assert!(Keys::find(None, folder.path()).is_err());
        assert!(
            !folder.path().join(MASTER_KEY_FILE).exists(),
            "none is made"
        );
    }
}
