//! Whether this node has the master key that the database's secrets are sealed under.

use tokio_postgres::Client;

use super::Result;
use super::statement::execute_once;
use crate::error::StoreError;
use crate::vault::Vault;

/// What is sealed, and under which name.
const PROOF: &str = "hookwright";

/// Leaves a proof at the first start; compares with it later. A node with another key would seal
/// secrets that the others cannot open.
pub(super) async fn check(client: &Client, vault: &Vault) -> Result<()> {
    let sealed = vault
        .seal(PROOF, PROOF.as_bytes())
        .map_err(|error| StoreError::Engine(error.to_string()))?;
    let sql = "INSERT INTO seal (one, proof) VALUES (true, $1) ON CONFLICT DO NOTHING";
    execute_once(client, sql, &[&sealed]).await?;
    let proof: Vec<u8> = client
        .query_typed_one("SELECT proof FROM seal", &[])
        .await?
        .get(0);
    match vault.open(PROOF, &proof) {
        Ok(_) => Ok(()),
        Err(_) => Err(StoreError::Unusable(
            "the database was made under another master key\nhint: set HOOKWRIGHT_MASTER_KEY to the one that the other nodes have"
                .to_owned(),
        )),
    }
}
