-- Jobs that ended, by when: they go with the deliveries of their time. Receipts of purges (kind 3) stay.
CREATE INDEX jobs_ended ON jobs (finished_at) WHERE finished_at IS NOT NULL AND kind <> 3;
