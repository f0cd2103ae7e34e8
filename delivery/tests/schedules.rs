//! Do schedules, time-outs and success rules hold exactly? The whole walk under a simulated clock.
//!
//! Store, engine and worker are the real ones; time, chance, names and connections are simulated.
//! What is expected stands here in numbers and is not read from the profiles.

#[cfg(test)]
mod schedules {
    mod arrange;
    mod clock;
    mod follow;
    mod promises;
    mod receiver;
    mod sim;

    mod breaker;
    mod each_attempt;
    mod failing;
    mod in_order;
    mod jitter;
    mod resend;
    mod retry_after;
    mod retry_policy;
    mod reuse;
    mod rotation;
    mod success;
    mod time_out;
    mod whole_schedule;
}
