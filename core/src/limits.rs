//! Every maximum, by name, with its unit last.

/// A published payload, and a whole API request body other than a batch.
pub const EVENT_BODY_BYTES_MAX: usize = 256 * 1024;
/// A batch request body.
pub const BATCH_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Events in one batch.
pub const BATCH_EVENTS_MAX: usize = 1_000;
/// A management request's body.
pub const MANAGEMENT_BODY_BYTES_MAX: usize = 64 * 1024;
/// Nesting of a published payload.
pub const JSON_DEPTH_MAX: usize = 100;
/// An event id or idempotency key given by the publisher.
pub const GIVEN_ID_CHARS_MAX: usize = 128;
/// An account id given by the project.
pub const ACCOUNT_ID_CHARS_MAX: usize = 128;
/// A name or description.
pub const TEXT_CHARS_MAX: usize = 1_024;
/// An event type's name.
pub const EVENT_TYPE_CHARS_MAX: usize = 128;
/// Event types that a project describes itself.
pub const EVENT_TYPES_PER_PROJECT_MAX: usize = 1_000;
/// All that a project says of its event types.
pub const EVENT_TYPES_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A request's body that describes one event type.
pub const EVENT_TYPE_BODY_BYTES_MAX: usize = 1024 * 1024;
/// An OpenAPI document whose webhooks are imported.
pub const OPENAPI_IMPORT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Versions of one event type.
pub const EVENT_TYPE_VERSIONS_MAX: usize = 32;
/// A version's number.
pub const EVENT_TYPE_VERSION_MAX: u32 = 1_000_000;
/// An event type's group.
pub const EVENT_TYPE_GROUP_CHARS_MAX: usize = 128;
/// One JSON Schema, written without white space.
pub const EVENT_SCHEMA_BYTES_MAX: usize = 64 * 1024;
/// One example of a payload, written without white space.
pub const EVENT_EXAMPLE_BYTES_MAX: usize = 64 * 1024;
/// Subschemas of one schema, counted again at each reference that is followed.
pub const SCHEMA_VISITS_MAX: usize = 10_000;
/// Subschemas within one another that judge the same value: `allOf` in `anyOf` in `$ref` ...
pub const SCHEMA_LAYERS_MAX: usize = 16;
/// Subschemas, properties and enumerated values that one value is judged by.
pub const SCHEMA_BREADTH_MAX: usize = 2_000;
/// References of one schema to something that they are within.
pub const SCHEMA_RECURSIONS_MAX: usize = 64;
/// Regular expressions of one schema.
pub const SCHEMA_PATTERNS_MAX: usize = 64;
/// One compiled regular expression.
pub const SCHEMA_PATTERN_BYTES_MAX: usize = 512 * 1024;
/// How far ahead an event may be published with `deliver_at`, in milliseconds.
pub const DELIVER_AHEAD_MS_MAX: i64 = 30 * 24 * 60 * 60 * 1000;
/// Notes of an event's publisher.
pub const EVENT_METADATA_ENTRIES_MAX: usize = 16;
/// The name of one of them.
pub const EVENT_METADATA_NAME_CHARS_MAX: usize = 64;
/// What one of them says.
pub const EVENT_METADATA_VALUE_CHARS_MAX: usize = 512;
/// Requests with an `Idempotency-Key` under way at once on one node.
pub const IDEMPOTENCY_UNDER_WAY_MAX: usize = 10_000;
/// Subscriptions of one endpoint.
pub const SUBSCRIPTIONS_MAX: usize = 256;
/// Channels of one endpoint or event.
pub const CHANNELS_MAX: usize = 16;
/// Endpoints of one account.
pub const ENDPOINTS_PER_ACCOUNT_MAX: usize = 10_000;
/// An endpoint's URL.
pub const URL_CHARS_MAX: usize = 2_048;
/// A customer's own headers on one endpoint.
pub const CUSTOM_HEADERS_MAX: usize = 32;
/// One custom header's value.
pub const CUSTOM_HEADER_VALUE_BYTES_MAX: usize = 4_096;
/// A secret given by the customer.
pub const SECRET_CHARS_MAX: usize = 256;
/// Items on one page of a list.
pub const PAGE_ITEMS_MAX: usize = 250;
/// Items on a page where the caller does not say.
pub const PAGE_ITEMS_DEFAULT: usize = 50;

/// How long the audit log is kept, in days.
pub const AUDIT_KEPT_DAYS: u32 = 400;
/// Rows of the audit log that one page may look at, where it is searched for a key's.
pub const AUDIT_ROWS_LOOKED_AT_MAX: usize = 10_000;
/// Refused calls of known keys that are kept in the audit log in a second, on one node.
pub const AUDIT_REFUSED_PER_SECOND_MAX: u32 = 20;
/// The same of unknown keys.
pub const AUDIT_UNKNOWN_PER_SECOND_MAX: u32 = 5;
/// Why somebody was refused, as the audit log keeps it.
pub const AUDIT_REASON_CHARS_MAX: usize = 300;
/// A request's id as its caller gives it.
pub const REQUEST_ID_CHARS_MAX: usize = 128;
/// How long a project may ask for its data to be kept, in days; the server's own limit counts too.
pub const RETENTION_DAYS_MAX: u32 = 3_650;
/// After how many days of failures a project may have its endpoints disabled.
pub const DISABLE_AFTER_DAYS_MAX: u32 = 365;
/// Attempts that a breaker waits for before it judges.
pub const BREAKER_MIN_ATTEMPTS_MAX: u32 = 10_000;
/// The window over which a breaker judges, in seconds.
pub const BREAKER_WINDOW_SECONDS_MAX: u32 = 60 * 60;
/// How long a breaker first stays open, in seconds.
pub const BREAKER_OPEN_SECONDS_MAX: u32 = 60 * 60;
/// Attempts that a half-open breaker lets through before it closes.
pub const BREAKER_HALF_OPEN_ATTEMPTS_MAX: u32 = 100;

/// How long a rotated key goes on working beside the new one, in seconds.
pub const KEY_OVERLAP_SECONDS_MAX: u32 = 30 * 24 * 60 * 60;
/// The same where the caller does not say, in seconds.
pub const KEY_OVERLAP_SECONDS_DEFAULT: u32 = 24 * 60 * 60;
/// How long a portal token works, in seconds.
pub const PORTAL_TOKEN_SECONDS_MAX: u32 = 24 * 60 * 60;
/// The same where the caller does not say, in seconds.
pub const PORTAL_TOKEN_SECONDS_DEFAULT: u32 = 60 * 60;
/// How long a session works, in seconds.
pub const SESSION_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;
/// The same where the caller does not say, in seconds.
pub const SESSION_SECONDS_DEFAULT: u32 = 12 * 60 * 60;
/// Entries of `X-Forwarded-For` that are looked at, from the right.
pub const FORWARDED_HOPS_MAX: usize = 32;
/// Failed sign-ins from one address in a minute; more are refused unread.
pub const SIGN_IN_FAILURES_PER_MINUTE_MAX: u32 = 20;
/// Failed sign-ins from all addresses in a minute; more are refused unread.
pub const SIGN_IN_FAILURES_OF_ALL_PER_MINUTE_MAX: u32 = 600;
/// Addresses whose failed sign-ins are counted one by one; further ones are counted as one.
pub const SIGN_IN_ADDRESSES_MAX: usize = 10_000;
/// The largest answer of an identity provider that is read, in bytes.
pub const SSO_ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// An identity provider must answer within this, in milliseconds.
pub const SSO_ANSWER_MS_MAX: u64 = 10_000;
/// What an identity provider says of itself is asked for again after this, in milliseconds.
pub const SSO_KEPT_MS: i64 = 60 * 60 * 1_000;
/// How often in a minute its keys are looked at anew because a token names one that is not known.
pub const SSO_KEY_LOOKS_PER_MINUTE_MAX: u32 = 10;
/// Sessions that one key may have at a time.
pub const SESSIONS_OF_KEY_MAX: usize = 1_000;
/// How long a link into the portal may be followed, in seconds.
pub const PORTAL_LINK_SECONDS: u32 = 5 * 60;
/// Where a customer goes back to from the portal.
pub const RETURN_URL_BYTES_MAX: usize = 2_048;
/// What a portal is called.
pub const PORTAL_NAME_CHARS_MAX: usize = 80;
/// A portal's logo, as a `data:` URI.
pub const PORTAL_LOGO_BYTES_MAX: usize = 64 * 1024;
/// Sites that may show a project's portal in a frame.
pub const PORTAL_FRAME_ORIGINS_MAX: usize = 20;
/// A project's settings as they are sent, with a logo in them.
pub const PROJECT_BODY_BYTES_MAX: usize = 128 * 1024;
/// Requests that a key may make in a second, where it is limited at all.
pub const KEY_REQUESTS_PER_SECOND_MAX: u32 = 100_000;

/// Bytes of a response body that are kept with an attempt.
pub const RESPONSE_BODY_KEPT_BYTES_MAX: usize = 16 * 1024;
/// Bytes of response headers that are kept with an attempt.
pub const RESPONSE_HEADERS_KEPT_BYTES_MAX: usize = 4 * 1024;
/// Bytes that one answer may have in all before the connection is dropped: interim responses,
/// headers and body together.
pub const RESPONSE_BYTES_MAX: usize = 256 * 1024;
/// Headers of one answer.
pub const RESPONSE_HEADERS_MAX: usize = 100;
/// How far ahead a `Retry-After` may push the next attempt, in milliseconds.
pub const RETRY_AFTER_MS_MAX: u64 = 24 * 60 * 60 * 1000;
/// An attempt's deadline where a profile or endpoint says more, in milliseconds.
pub const ATTEMPT_TIMEOUT_MS_MAX: u64 = 60_000;

/// Deliveries that one lane holds in memory; more stay in the store.
pub const LANE_DELIVERIES_MAX: usize = 256;
/// Requests that one lane has under way at once.
pub const LANE_CONCURRENCY_MAX: usize = 32;
/// Idle connections that one lane keeps.
pub const LANE_IDLE_CONNECTIONS_MAX: usize = 32;
/// Deliveries held in memory by all lanes.
pub const NODE_DELIVERIES_MAX: usize = 50_000;
/// Payload bytes held in memory by all lanes.
pub const NODE_PAYLOAD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Requests under way at once on one node.
pub const NODE_CONCURRENCY_MAX: usize = 4_096;
/// How long a leased delivery stays with its node, in milliseconds.
pub const LEASE_MS: u64 = 5 * 60 * 1000;

/// One custom header's name.
pub const CUSTOM_HEADER_NAME_BYTES_MAX: usize = 128;
/// All custom headers of one endpoint, names and values together.
pub const CUSTOM_HEADERS_BYTES_MAX: usize = 16 * 1024;
/// Attempts of one delivery, the first included.
pub const RETRY_ATTEMPTS_MAX: u32 = 50;
/// The first delay of an exponential schedule, in milliseconds.
pub const RETRY_INITIAL_DELAY_MS_MAX: u64 = 24 * 60 * 60 * 1000;
/// The factor by which an exponential schedule's delays grow.
pub const RETRY_MULTIPLIER_MAX: f64 = 100.0;
/// One delay of any schedule before jitter, in milliseconds; what an endpoint's own exponential
/// policy grows to.
pub const RETRY_DELAY_MS_MAX: u64 = 7 * 24 * 60 * 60 * 1000;
/// The share of a delay that jitter may add.
pub const RETRY_JITTER_MAX: f64 = 1.0;
/// The fewest characters of a root key that an operator chooses.
pub const ROOT_KEY_CHARS_MIN: usize = 32;
/// Requests that a lane which keeps failing has under way at once.
pub const LANE_SICK_CONCURRENCY_MAX: usize = 4;
/// Deliveries that a lane which keeps failing holds in memory.
pub const LANE_SICK_DELIVERIES_MAX: usize = 16;
/// Name lookups under way at once on one node.
pub const LOOKUPS_MAX: usize = 64;

/// An endpoint's filter, as JSON.
pub const FILTER_BYTES_MAX: usize = 16 * 1024;
/// Objects and lists of conditions within one another in a filter.
pub const FILTER_DEPTH_MAX: usize = 10;
/// Conditions of one filter.
pub const FILTER_CONDITIONS_MAX: usize = 100;
/// Items of one list in a filter.
pub const FILTER_LIST_ITEMS_MAX: usize = 256;
/// Names of one path in a filter.
pub const FILTER_PATH_NAMES_MAX: usize = 32;
/// A regular expression in a filter.
pub const FILTER_REGEX_CHARS_MAX: usize = 256;
/// Regular expressions of one filter.
pub const FILTER_REGEXES_MAX: usize = 4;
/// A regular expression made ready to run.
pub const FILTER_REGEX_COMPILED_BYTES_MAX: usize = 64 * 1024;
/// Steps that one filter may take over one payload: a value looked at is one.
pub const FILTER_STEPS_MAX: u64 = 1_000_000;
/// Steps that all filters together may take over one payload.
pub const EVENT_FILTER_STEPS_MAX: u64 = 10_000_000;
/// How long a replaced secret goes on counting where the caller does not say, in seconds.
pub const ROTATION_OVERLAP_S_DEFAULT: u64 = 24 * 60 * 60;
/// How long a replaced secret may go on counting, in seconds.
pub const ROTATION_OVERLAP_S_MAX: u64 = 7 * 24 * 60 * 60;
/// A user name, password, token or client secret towards a receiver.
pub const RECEIVER_CREDENTIAL_BYTES_MAX: usize = 4 * 1024;
/// A client certificate's chain or its private key, as PEM.
pub const CLIENT_CERTIFICATE_PEM_BYTES_MAX: usize = 16 * 1024;
/// How long an OAuth 2.0 token is used where its server does not say, in milliseconds.
pub const TOKEN_LIFE_MS_DEFAULT: u64 = 5 * 60 * 1000;
/// How long an OAuth 2.0 token is used at most, in milliseconds.
pub const TOKEN_LIFE_MS_MAX: u64 = 24 * 60 * 60 * 1000;
/// How long before its end an OAuth 2.0 token is not used any more, in milliseconds.
pub const TOKEN_SPARE_MS: u64 = 30 * 1000;
/// The name that this server gives itself in a validation handshake.
pub const ORIGIN_CHARS_MAX: usize = 253;
/// Endpoints' shares of event types that one node counts between two writings of its statistics;
/// what comes beyond is counted for its project alone.
pub const ROLLUP_CELLS_MAX: usize = 5_000;
/// Days for which counts by the minute are kept.
pub const ROLLUP_MINUTES_KEPT_DAYS: u32 = 2;
/// Days for which counts by the hour are kept.
pub const ROLLUP_HOURS_KEPT_DAYS: u32 = 60;
/// Days for which counts by the day are kept.
pub const ROLLUP_DAYS_KEPT_DAYS: u32 = 750;
/// Points of one series of statistics.
pub const STATS_POINTS_MAX: usize = 1_500;
/// Minutes, hours or days that one point of such a series counts.
pub const STATS_PER_POINT_MAX: i64 = 1_440;
/// Hours of traffic that are listed with each endpoint.
pub const ENDPOINT_TRAFFIC_HOURS: i64 = 24;
/// Endpoints whose failures one stretch of time keeps side by side: those that failed most.
pub const FAILING_ENDPOINTS_MAX: usize = 10_000;
/// Rows that are added up to find the endpoints that fail most.
pub const STATS_ENDPOINT_ROWS_MAX: usize = 50_000;
/// Rows that are added up to find the event types that fail most.
pub const STATS_EVENT_TYPE_ROWS_MAX: usize = 20_000;
/// Event types in the list of those that fail most.
pub const STATS_EVENT_TYPES_MAX: usize = 100;
/// Endpoints in the list of those that fail most.
pub const STATS_ENDPOINTS_MAX: usize = 100;
/// Waiting deliveries that are counted exactly.
pub const BACKLOG_COUNTED_MAX: usize = 10_000;
/// Live streams open at once on one node.
pub const STREAMS_MAX: usize = 256;
/// Doings that wait for a slow reader of a live stream; more are dropped, and it is told.
pub const STREAM_WAITING_MAX: usize = 1_024;
/// What one node says to the others in one piece, in bytes; PostgreSQL's own bound is 8,000.
pub const ASIDE_BYTES_MAX: usize = 7_900;
/// Doings that wait to be told to other nodes' streams, five times a second; more are dropped, and
/// they are told how many.
pub const RELAYED_WAITING_MAX: usize = 1_024;
/// Nodes of which it is remembered what they want to hear of.
pub const RELAYED_TO_NODES_MAX: usize = 256;
/// Operational events published at once.
pub const NOTICES_AT_ONCE_MAX: usize = 100;
/// How long a breaker that opens again and again stays open at a time, in milliseconds: the time that
/// it is set to doubles up to this.
pub const BREAKER_OPEN_MS_MAX: u64 = 60 * 60 * 1000;
/// How long an endpoint must have failed before that is written down, in milliseconds.
pub const FAILING_KEPT_MS_MIN: u64 = 60_000;
/// Days of nothing but failures after which an endpoint is disabled, where its project says nothing.
pub const DISABLE_AFTER_DAYS_DEFAULT: u32 = 5;
/// Validation handshakes under way at once on one node.
pub const HANDSHAKES_MAX: usize = 64;

/// Requests per second that an endpoint's own limit may allow.
pub const RATE_LIMIT_PER_S_MAX: u32 = 10_000;
/// An attempt's deadline where an endpoint says less, in milliseconds: the least.
pub const ATTEMPT_TIMEOUT_MS_MIN: u64 = 100;
/// Entries of an endpoint's metadata.
pub const METADATA_ENTRIES_MAX: usize = 32;
/// The name of one entry of metadata.
pub const METADATA_NAME_CHARS_MAX: usize = 64;
/// The value of one entry of metadata.
pub const METADATA_VALUE_CHARS_MAX: usize = 512;
/// Why an endpoint is paused or disabled, in the words of who did it.
pub const STATUS_REASON_CHARS_MAX: usize = 256;
/// Rows of work that one step of a job does in one transaction.
pub const JOB_STEP_ROWS_MAX: usize = 100;
/// Rows that one step of a job looks at to find its work.
pub const JOB_SCANNED_ROWS_MAX: usize = 1_000;
/// How long a job stays with its node, in milliseconds; each step begins it anew.
pub const JOB_LEASE_MS: u64 = 30_000;
/// Jobs of one project that are not ended.
pub const JOBS_OPEN_PER_PROJECT_MAX: usize = 100;
/// Jobs that one node works on at once.
pub const JOBS_PER_NODE_MAX: usize = 16;
/// Rows of work of one job each second, where its maker does not say.
pub const JOB_ROWS_PER_SECOND_DEFAULT: u32 = 500;
/// Rows of work of one job each second.
pub const JOB_ROWS_PER_SECOND_MAX: u32 = 10_000;
/// Deliveries of a replay's last endpoints that wait or are under way while it goes on.
pub const REPLAY_IN_FLIGHT_MAX: usize = 32;
/// Rows that are looked at to count what a replay would do; what lies beyond is not counted.
pub const REPLAY_COUNTED_ROWS_MAX: usize = 100_000;
/// Rows that are looked at in one go to count them.
pub const REPLAY_COUNTED_AT_ONCE: usize = 5_000;
/// Rows that are counted where a page shows it at once.
pub const REPLAY_PREVIEWED_ROWS_MAX: u32 = 5_000;
/// Rows that one page of a list looks at where no index leads to those that fit. Such a page may be
/// short, and the list goes on at its cursor.
pub const LIST_ROWS_SCANNED_MAX: usize = 2_000;
/// Endpoints of an account that one page of its deliveries walks one by one; if it has more, all of
/// the project's deliveries are walked.
pub const LIST_LANES_MAX: usize = 8;
/// Deliveries that one call cancels.
pub const CANCELLED_PER_CALL_MAX: usize = 10_000;
/// Deliveries that are cancelled in one transaction.
pub const CANCELLED_AT_ONCE_MAX: usize = 500;
/// Deliveries that a page resends one by one at once; more is a replay's work.
pub const PAGE_RESENT_AT_ONCE_MAX: usize = 500;
/// How many of those are under way at once.
pub const PAGE_RESENT_UNDER_WAY_MAX: usize = 32;
/// Bytes of a payload or a request's body that a page shows.
pub const PAGE_TEXT_BYTES_MAX: usize = 16 * 1024;
/// Events or deliveries that an export reads at once.
pub const EXPORT_ITEMS_AT_ONCE_MAX: usize = 250;
/// Events that an export reads at once with their payloads.
pub const EXPORT_PAYLOADS_AT_ONCE_MAX: usize = 25;
/// A request to explain a signature: a body as large as an event's, escaped.
pub const SIGNATURE_EXPLAIN_BODY_BYTES_MAX: usize = 1024 * 1024;
/// Endpoints whose secrets are tried on a signature that fails.
pub const SIGNATURE_EXPLAIN_ENDPOINTS_MAX: usize = 200;
/// Secrets that a signature is held against at once.
pub const SIGNATURE_EXPLAIN_SECRETS_MAX: usize = 8;
