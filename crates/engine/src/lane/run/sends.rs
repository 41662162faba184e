//! Sending what was handed out, as the pace, the number in flight and the people allow.

use super::*;

impl Lane {
    pub(super) fn may_send(&self) -> bool {
        let now = self.shared.ambient.now();
        now >= self.hold_until && self.fence.is_open() && !self.stopped
    }

    pub(super) fn in_flight_max(&self) -> usize {
        // At 350 ms an answer, half a second's worth is always on its way.
        let by_pace = usize::try_from(self.pace.per_second() / 2).unwrap_or(usize::MAX).saturating_add(16);
        by_pace.min(self.shared.settings.in_flight_max.max(1))
    }

    /// Starts what is ready, as far as the pace, the number in flight and the people allow.
    pub(super) fn send_what_may_go(&mut self, now: Timestamp) {
        if self.ready.is_empty() || !self.may_send() {
            return;
        }
        let room = self.in_flight_max().saturating_sub(self.in_flight.len()).min(self.ready.len());
        let mut allowed = self.pace.take_up_to(now, u32::try_from(room).unwrap_or(u32::MAX));
        let mut waiting = VecDeque::new();
        while allowed > 0 {
            let Some(task) = self.ready.pop_front() else { break };
            if matches!(task, Task::Message(_)) && self.writing_to.contains(task.address()) {
                waiting.push_back(task);
                continue;
            }
            if !self.is_running(&task) {
                // Paused or cancelled since it was handed out: as if it never had been.
                self.finish(Done::unattempted(task, now, Fate::Return { due_at: now }));
                continue;
            }
            if let Err(due_at) = self.pairs.take(task.address(), now) {
                self.finish(Done::unattempted(task, now, Fate::Return { due_at }));
                continue;
            }
            match self.body(&task) {
                Ok(body) => {
                    allowed -= 1;
                    self.start(task, body);
                }
                Err(details) => {
                    let fate = Fate::Failed { code: own_code::UNSENDABLE, details };
                    self.finish(Done::unattempted(task, now, fate));
                }
            }
        }
        while let Some(task) = waiting.pop_back() {
            self.ready.push_front(task);
        }
    }

    pub(super) fn body(&self, task: &Task) -> Result<Bytes, String> {
        match task {
            Task::Message(message) => message_body(message),
            Task::Recipient(row) => self
                .composer(row.campaign)
                .ok_or_else(|| "The campaign is not running.".to_owned())
                .and_then(|composer| composer.body(row)),
        }
    }

    pub(super) fn composer(&self, campaign: CampaignId) -> Option<&Composer> {
        self.campaigns.iter().find(|(id, _)| *id == campaign).map(|(_, composer)| &**composer)
    }

    pub(super) fn is_running(&self, task: &Task) -> bool {
        match task {
            Task::Message(_) => true,
            Task::Recipient(row) => self.composer(row.campaign).is_some(),
        }
    }

    pub(super) fn start(&mut self, task: Task, body: Bytes) {
        if matches!(task, Task::Message(_)) {
            self.writing_to.insert(task.address().to_owned());
        }
        let began_at = self.shared.ambient.now();
        let sending = self.route.send(body, self.fence.gate());
        self.in_flight.push(
            async move {
                let result = sending.await;
                Attempt { task, began_at, result }
            }
            .boxed(),
        );
    }

    /// An attempt has ended.
    pub(super) fn sent(&mut self, Attempt { task, began_at, result }: Attempt) {
        if matches!(task, Task::Message(_)) {
            self.writing_to.remove(task.address());
        }
        let now = self.shared.ambient.now();
        let (fate, consequence) = match result {
            Ok(receipt) => {
                self.holds = 0;
                (Fate::Accepted { wamid: receipt.message_id }, Consequence::None)
            }
            Err(error) => {
                let judged = judge(&error, task.attempt(), now, self.shared.ambient.rng());
                tracing::debug!(number.id = %self.number, %error, fate = ?judged.0, "a send was not accepted");
                judged
            }
        };
        metrics::counter!("tisara_sends_total", "outcome" => outcome_word(&fate)).increment(1);
        match &consequence {
            Consequence::SlowDown => self.pace.refused(now),
            Consequence::Unreachable => self.hold(now),
            Consequence::StopNumber { reason, .. } => {
                tracing::warn!(org.id = %self.org, number.id = %self.number, reason, "a number was stopped");
                self.stopped = true;
            }
            _ => {}
        }
        self.finish(Done { task, began_at, fate, consequence });
    }

    /// Meta cannot be reached: everything waits, a little longer each time.
    pub(super) fn hold(&mut self, now: Timestamp) {
        if now < self.hold_until {
            return;
        }
        self.holds = (self.holds + 1).min(6);
        self.hold_until = now.plus(Duration::from_millis(500 << self.holds));
        tracing::warn!(number.id = %self.number, "Meta cannot be reached; sending waits");
    }

    pub(super) fn finish(&mut self, done: Done) {
        if let Task::Recipient(row) = &done.task
            && let Some(no) = row.chunk
            && let Some(chunk) = self.chunks.get_mut(&(row.campaign, no))
        {
            chunk.outstanding = chunk.outstanding.saturating_sub(1);
        }
        self.done.push(done);
    }
}

fn outcome_word(fate: &Fate) -> &'static str {
    match fate {
        Fate::Accepted { .. } => "accepted",
        Fate::Failed { .. } => "failed",
        Fate::Retry { .. } | Fate::Return { .. } => "retry",
        Fate::Uncertain => "uncertain",
    }
}
