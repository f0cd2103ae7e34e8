//! What a move from one engine to another carries: tables, in which order, and rows without a form.

/// Every table that is moved, in the order in which they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Projects,
    Accounts,
    Keys,
    Catalogue,
    Endpoints,
    EndpointHealth,
    Events,
    EventNames,
    Deliveries,
    Attempts,
    Resends,
    LateDeliveries,
    Jobs,
    Notices,
    Rollups,
    Audit,
}

impl Table {
    pub(crate) const ALL: [Self; 16] = [
        Self::Projects,
        Self::Accounts,
        Self::Keys,
        Self::Catalogue,
        Self::Endpoints,
        Self::EndpointHealth,
        Self::Events,
        Self::EventNames,
        Self::Deliveries,
        Self::Attempts,
        Self::Resends,
        Self::LateDeliveries,
        Self::Jobs,
        Self::Notices,
        Self::Rollups,
        Self::Audit,
    ];

    /// As both engines and people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Projects => "projects",
            Self::Accounts => "accounts",
            Self::Keys => "keys",
            Self::Catalogue => "catalogue",
            Self::Endpoints => "endpoints",
            Self::EndpointHealth => "endpoint_health",
            Self::Events => "events",
            Self::EventNames => "event_names",
            Self::Deliveries => "deliveries",
            Self::Attempts => "attempts",
            Self::Resends => "resends",
            Self::LateDeliveries => "late_deliveries",
            Self::Jobs => "jobs",
            Self::Notices => "notices",
            Self::Rollups => "rollups",
            Self::Audit => "audit",
        }
    }
}

/// One value of a row. What kind of number or text it is, the engines say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Cell {
    /// About as many bytes as it takes up.
    pub(crate) const fn size(&self) -> usize {
        match self {
            Self::Null | Self::Integer(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

/// Rows of a table that follow one another.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) rows: Vec<Vec<Cell>>,
    /// The last row's number: a later batch begins above it.
    pub(crate) place: i64,
    /// About as many bytes as its rows take up.
    pub(crate) size: usize,
}

impl Batch {
    pub(crate) fn push(&mut self, place: i64, row: Vec<Cell>) {
        self.size += row.iter().map(Cell::size).sum::<usize>();
        self.rows.push(row);
        self.place = place;
    }
}

/// How far a table's move has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of the last row that is there.
    pub(crate) last: i64,
    /// The rows that are there.
    pub(crate) rows: u64,
}
