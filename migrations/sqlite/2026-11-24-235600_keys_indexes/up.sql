-- Who deletes an event or a criterion does not look through all jobs and scores for it.
CREATE INDEX jobs_by_event ON jobs (event_id);
CREATE INDEX scores_by_criterion ON scores (criterion_id);
