DROP INDEX scores_by_criterion;
DROP INDEX jobs_by_event;
