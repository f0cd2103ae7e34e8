-- A project's lists are read newest first, a page at a time, and not sorted for each page.
CREATE INDEX accounts_by_project ON accounts (project_id);
CREATE INDEX endpoints_by_project ON endpoints (project_id);
