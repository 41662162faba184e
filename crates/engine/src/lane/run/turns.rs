//! Turns: one transaction writes down the last window and hands out the next.

use super::*;

impl Lane {
    pub(super) fn is_idle(&self) -> bool {
        self.ready.is_empty()
            && self.in_flight.is_empty()
            && self.done.is_empty()
            && self.campaigns.is_empty()
    }

    pub(super) fn want(&self) -> u32 {
        (self.pace.per_second() / WINDOW).clamp(WANT_MIN, WANT_MAX)
    }

    pub(super) fn wants_a_turn(&self) -> bool {
        let want = self.want() as usize;
        let is_short = self.ready.len() <= want / 2;
        let nothing_moves = self.in_flight.is_empty() && self.ready.is_empty();
        is_short && self.may_have_work && self.may_send()
            || self.done.len() >= want
            || nothing_moves && !(self.done.is_empty() && self.left_chunks().is_empty())
    }

    pub(super) fn begin_turn(&mut self, now: Timestamp) -> BoxFuture<'static, Turned> {
        let done = std::mem::take(&mut self.done);
        let idle_chunks: Vec<(CampaignId, i64)> =
            self.chunks.iter().filter(|(_, c)| c.at_end && c.outstanding == 0).map(|(key, _)| *key).collect();
        let mut campaigns: Vec<CampaignId> = self.campaigns.iter().map(|(id, _)| *id).collect();
        if !campaigns.is_empty() {
            self.first_turn = (self.first_turn + 1) % campaigns.len();
            campaigns.rotate_left(self.first_turn);
        }
        let want = if self.may_send() && self.ready.len() <= self.want() as usize { self.want() } else { 0 };
        let done = Arc::new(done);
        let left_chunks = self.left_chunks();
        let closed = idle_chunks.iter().chain(&left_chunks).copied().collect();
        let turn = Turn {
            org: self.org,
            number: self.number,
            token: self.token,
            now,
            settle_at: now.plus(self.shared.settings.grace()),
            done: Arc::clone(&done),
            idle_chunks,
            left_chunks,
            want,
            campaigns,
            under_way: self.ready.len() + self.in_flight.len(),
            messages_per_month: self.messages_per_month,
            // What it does not know of may be under way as well: the next owner finds out.
            known_under_way: (!self.in_doubt).then_some(self.known_under_way),
        };
        let shared = Arc::clone(&self.shared);
        async move {
            let handed = take_turn(&shared.store, &shared.ambient, turn).await;
            Turned { done: Arc::unwrap_or_clone(done), closed, handed }
        }
        .boxed()
    }

    pub(super) async fn end_turn(&mut self, Turned { done, closed, handed }: Turned) {
        let handed = match handed {
            Ok(handed) => handed,
            Err(e) => {
                // Outcomes are never thrown away: they go along with the next turn. A turn that was
                // committed without our knowing handed out rows that nobody will send; they stand
                // below the mark without an outcome, so the next owner will settle them.
                in_the_way(&e, "a lane");
                self.done.splice(0..0, done);
                self.in_doubt |= matches!(e, Error::CommitUnknown | Error::Closed);
                self.stopped |= self.in_doubt;
                if self.in_doubt {
                    self.fence.shut();
                }
                self.shared.ambient.sleep(Duration::from_millis(250)).await;
                return;
            }
        };
        for d in &done {
            if let Task::Recipient(row) = &d.task {
                self.shared.touched(self.org, row.campaign);
            }
        }
        if handed.fenced {
            tracing::warn!(number.id = %self.number, "the number's lease was lost; sending stops");
            self.fence.shut();
            self.stopped = true;
            return;
        }
        self.stopped |= handed.stopped;
        self.known_under_way = handed.known_under_way.unwrap_or(self.known_under_way);
        for chunk in closed {
            self.chunks.remove(&chunk);
        }
        for campaign in handed.finished.iter().chain(&handed.paused) {
            self.campaigns.retain(|(id, _)| id != campaign);
            self.shared.bus.publish(Hint::Campaign(self.org, *campaign));
        }
        self.may_have_work =
            !(handed.messages.is_empty() && handed.retries.is_empty() && handed.windows.is_empty());
        for (campaign, window) in handed.windows {
            if let Some(mark) = window.chunk {
                let chunk = self.chunks.entry((campaign, mark.no)).or_default();
                chunk.outstanding += window.rows.len();
                chunk.at_end = mark.at_end;
            }
            self.ready.extend(window.rows.into_iter().map(Task::Recipient));
        }
        self.ready.extend(handed.retries.into_iter().map(Task::Recipient));
        for message in handed.messages.into_iter().rev() {
            self.ready.push_front(Task::Message(message));
        }
    }

    /// Chunks of campaigns that no longer run, whose handed-out rows all have outcomes.
    pub(super) fn left_chunks(&self) -> Vec<(CampaignId, i64)> {
        let left = |(campaign, _): &(CampaignId, i64), chunk: &Chunk| {
            chunk.outstanding == 0 && !chunk.at_end && self.composer(*campaign).is_none()
        };
        self.chunks.iter().filter(|(key, chunk)| left(key, chunk)).map(|(key, _)| *key).collect()
    }

    pub(super) async fn give_back(&mut self, chunks: Vec<(CampaignId, i64)>) -> Result<()> {
        if chunks.is_empty() {
            return Ok(());
        }
        for key in &chunks {
            self.chunks.remove(key);
        }
        let (org, token) = (self.org, self.token);
        self.shared
            .store
            .write(move |tx| {
                let mut org = tx.org(org);
                chunks.iter().try_for_each(|(campaign, no)| org.release_chunk(*campaign, *no, token))
            })
            .await
    }
}
