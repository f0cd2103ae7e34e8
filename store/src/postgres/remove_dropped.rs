//! How the files of dropped days are removed: while nobody waits, as that takes seconds for many
//! gigabytes, and by any node, as the one that dropped a day may be gone.

use super::lent::Pool;
use super::{Result, partitions};

const DROPPED: &str = "SELECT relname::text FROM pg_class
    WHERE relkind = 'r' AND NOT relispartition
          AND relname ~ '^(events|deliveries|attempts)_[0-9]{8}_dropped$'
          AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'events'::regclass)";

pub(super) async fn remove_dropped(pool: &Pool) -> Result<()> {
    let mut client = pool.get().await?;
    for table in client.query_once(DROPPED, &[]).await? {
        let table: &str = table.get(0);
        let transaction = client.transaction().await?;
        if !partitions::lock(&transaction).await? {
            return Ok(());
        }
        // It may have gone since it was looked for.
        let drop = format!("DROP TABLE IF EXISTS {table}");
        if !partitions::unless_locked(transaction.batch_execute(&drop).await)? {
            return Ok(());
        }
        transaction.commit().await?;
    }
    Ok(())
}
