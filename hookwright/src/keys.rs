//! The root key and the master key: given, or made at the first start.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookwright_core::ids::random_id;
use hookwright_core::key_format::{self, KEY_RANDOM_BYTES, KeyKind};
use hookwright_core::scope::Scopes;
use hookwright_core::time::UnixMs;
use hookwright_delivery::World;
use hookwright_store::{KeyOwner, NewKey, Store, Vault};

use crate::failure::{Failure, running, usage};

pub(crate) const MASTER_KEY_FILE: &str = "master.key";

/// The vault of the master key that is given, or of the one in the data folder, made if need be.
pub(crate) fn vault(given: Option<&str>, folder: &Path, world: &World) -> Result<Vault, Failure> {
    let keys = match given {
        Some(text) => given_keys(text)?,
        None => vec![master_key_of(folder, world)?],
    };
    Vault::new(&keys).map_err(usage)
}

/// The master keys of a setting, the current one first.
pub(crate) fn given_keys(text: &str) -> Result<Vec<Vec<u8>>, Failure> {
    text.split(',').map(|key| master_key(key.trim())).collect()
}

/// The master key in a file, if it is there.
pub(crate) fn kept_key(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => master_key(text.trim()).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(usage(format!(
            "cannot read \"{}\": {error}",
            path.display()
        ))),
    }
}

fn master_key(text: &str) -> Result<Vec<u8>, Failure> {
    let hex = (text.len() == 64).then(|| {
        let pairs =
            (0..32).map(|place| u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok());
        pairs.collect::<Option<Vec<u8>>>()
    });
    let bytes = hex
        .flatten()
        .or_else(|| STANDARD.decode(text).ok())
        .filter(|bytes| bytes.len() == 32);
    bytes.ok_or_else(|| usage("HOOKWRIGHT_MASTER_KEY must be 32 bytes in base 64 or hex\nhint: openssl rand -base64 32"))
}

fn master_key_of(folder: &Path, world: &World) -> Result<Vec<u8>, Failure> {
    let path = folder.join(MASTER_KEY_FILE);
    if let Some(key) = kept_key(&path)? {
        return Ok(key);
    }
    let bytes = [world.random.bytes(), world.random.bytes()].concat();
    let written = fs::create_dir_all(folder).and_then(|()| {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(STANDARD.encode(&bytes).as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| usage(format!("cannot write \"{}\": {error}", path.display())))?;
    Ok(bytes)
}

/// Puts the given root key in place, or makes one if there is none. Returns one that was made.
pub(crate) async fn root_key(
    given: Option<&str>,
    store: &Store,
    world: &World,
) -> Result<Option<String>, Failure> {
    let now = world.clock.now();
    if let Some(key) = given {
        if !key_format::usable_as_root_key(key) {
            return Err(usage(
                "HOOKWRIGHT_ROOT_KEY needs at least 32 characters\nhint: openssl rand -base64 32",
            ));
        }
        store
            .put_root_key(new_key(key, world, now), true)
            .await
            .map_err(running)?;
        return Ok(None);
    }
    if store.has_root_key().await.map_err(running)? {
        return Ok(None);
    }
    let mut random = [0; KEY_RANDOM_BYTES];
    for part in random.chunks_mut(16) {
        part.copy_from_slice(&world.random.bytes()[..part.len()]);
    }
    let key = key_format::make(KeyKind::Root, &random);
    store
        .put_root_key(new_key(&key, world, now), false)
        .await
        .map_err(running)?;
    Ok(Some(key))
}

fn new_key(key: &str, world: &World, now: UnixMs) -> NewKey {
    NewKey {
        public_id: random_id("key_", u128::from_be_bytes(world.random.bytes())),
        owner: KeyOwner::Root,
        name: Some("root".to_owned()),
        hash: hookwright_web::hash_key(key),
        hint: key.chars().take(9).collect(),
        scopes: u32::from(Scopes::ALL.bits()),
        expires_at: None,
        used_for: Default::default(),
        rate_limit: None,
        now,
    }
}
