//! Taking a number, keeping it, and giving it back.

use super::*;

/// About a minute of a database that is away.
const CLOSE_TRIES_MAX: u32 = 600;

impl Lane {
    /// Takes the lease and what earlier owners left behind; `None` when somebody else has it or the
    /// number may not send.
    pub(super) async fn open(shared: Arc<Shared>, org: OrgId, number: NumberId) -> Result<Option<Self>> {
        let now = shared.ambient.now();
        let lease = shared.settings.lease();
        let asked = Asked::at(&shared.ambient);
        let owner = format!("{}/{:x}", shared.owner, shared.ambient.rng().next_u64());
        let taking = owner.clone();
        let taken = shared
            .store
            .write(move |tx| {
                let Some(token) = tx.take_lease(&lease_name(number), &taking, now, lease)? else {
                    return Ok(None);
                };
                Ok::<_, Error>(tx.org(org).find_sending_account(number)?.map(|account| (token, account)))
            })
            .await?;
        let Some((token, account)) = taken else { return Ok(None) };
        settling::recover(&shared, org, number, token).await?;
        let connection =
            if account.stopped_reason.is_none() { shared.connection(org, &account) } else { None };
        let Some(route) = connection else {
            // Nothing can be sent: whoever removes the cause shall not have to wait for the lease.
            shared.store.write(move |tx| tx.release_lease(&lease_name(number), token)).await?;
            return Ok(None);
        };
        let pace = Pace::new(shared.settings.pace_per_second.unwrap_or(account.pace_per_second));
        let fence = Fence::new(shared.ambient.clone(), asked, lease);
        Ok(Some(Self {
            shared,
            org,
            number,
            owner,
            token,
            fence,
            route,
            account,
            pace,
            pairs: Pairs::new(),
            campaigns: Vec::new(),
            first_turn: 0,
            ready: VecDeque::new(),
            in_flight: FuturesUnordered::new(),
            writing_to: HashSet::new(),
            done: Vec::new(),
            chunks: BTreeMap::new(),
            hold_until: Timestamp(0),
            holds: 0,
            may_have_work: true,
            messages_per_month: None,
            // Recovering forgot what was known of the owner before.
            known_under_way: 0,
            stopped: false,
            in_doubt: false,
        }))
    }

    /// Renews the lease and looks at what is to be done.
    pub(super) async fn refresh(&mut self, now: Timestamp) -> Result<()> {
        let (org, number, token) = (self.org, self.number, self.token);
        let lease = self.shared.settings.lease();
        let asked = Asked::at(&self.shared.ambient);
        let owner = self.owner.clone();
        let found = self
            .shared
            .store
            .write(move |tx| {
                if tx.take_lease(&lease_name(number), &owner, now, lease)? != Some(token) {
                    return Ok(None);
                }
                let mut org = tx.org(org);
                let Some(account) = org.find_sending_account(number)? else { return Ok(None) };
                let most = org.find_limit(UsageLimit::MessagesPerMonth)?;
                Ok::<_, Error>(Some((account, org.list_running_campaigns(number)?, most)))
            })
            .await?;
        let Some((account, running, most)) = found else {
            tracing::warn!(number.id = %number, "the number's lease was lost; sending stops");
            self.fence.shut();
            self.stopped = true;
            return Ok(());
        };
        self.fence.renewed(asked, lease);
        self.stopped |= account.stopped_reason.is_some() || account.token != self.account.token;
        self.pace.set_ceiling(self.shared.settings.pace_per_second.unwrap_or(account.pace_per_second));
        self.account = account;
        self.messages_per_month = most;
        let known: HashMap<CampaignId, Arc<Composer>> = self.campaigns.drain(..).collect();
        for campaign in running {
            let composer = match known.get(&campaign.id) {
                Some(composer) => Arc::clone(composer),
                None => match Composer::new(&campaign) {
                    Ok(composer) => Arc::new(composer),
                    Err(reason) => {
                        self.pause(campaign.id, reason, now).await?;
                        continue;
                    }
                },
            };
            self.campaigns.push((campaign.id, composer));
        }
        settling::settle_due(&self.shared, self.org, self.number, &self.account, now).await
    }

    pub(super) async fn pause(&mut self, campaign: CampaignId, reason: String, now: Timestamp) -> Result<()> {
        let org = self.org;
        self.shared.store.write(move |tx| crate::lane::pause(&mut tx.org(org), campaign, &reason, now)).await
    }

    /// Waits for what is on its way, writes it down and gives everything back.
    ///
    /// While the database is away, what is known stays here and waits for it, unless the process ends.
    pub(super) async fn close(&mut self, stop: &CancellationToken) {
        // From here on nothing more is handed out.
        self.stopped = true;
        let patience = self.shared.ambient.sleep(self.shared.stop_patience());
        tokio::pin!(patience);
        while !self.in_flight.is_empty() {
            tokio::select! {
                biased;
                Some(attempt) = self.in_flight.next() => self.sent(attempt),
                () = &mut patience => break,
            }
        }
        let now = self.shared.ambient.now();
        for task in std::mem::take(&mut self.ready) {
            self.finish(Done::unattempted(task, now, Fate::Return { due_at: now }));
        }
        let unanswered = !self.in_flight.is_empty();
        let mut turn = self.begin_turn(self.shared.ambient.now());
        for tries in 1.. {
            let turned = turn.await;
            if turned.handed.is_ok() {
                break;
            }
            self.done = turned.done;
            if tries >= if stop.is_cancelled() { 3 } else { CLOSE_TRIES_MAX } {
                break;
            }
            self.shared.ambient.sleep(Duration::from_millis(100)).await;
            turn = self.begin_turn(self.shared.ambient.now());
        }
        // With answers still to come, the lease is left to run out: the next owner finds the rows in
        // doubt and settles them.
        if unanswered || !self.done.is_empty() {
            return;
        }
        let chunks = if self.in_doubt { Vec::new() } else { self.chunks.keys().copied().collect() };
        let (number, token) = (self.number, self.token);
        let given_back = self.give_back(chunks).await;
        let released = self.shared.store.write(move |tx| tx.release_lease(&lease_name(number), token)).await;
        if let Err(e) = given_back.and(released) {
            in_the_way(&e, "giving back a number, whose lease will run out");
        }
    }
}

impl Shared {
    /// The way to Meta for an account; `None` (and a log line) when its token does not open.
    fn connection(&self, org: OrgId, account: &SendingAccount) -> Option<Arc<dyn Route>> {
        let place = waba_token_place(org, account.waba_id);
        let secret = self
            .vault
            .open(&account.data_key, &place, &account.token)
            .map_err(
                |e| tracing::error!(org.id = %org, waba.id = %account.waba_id, error = %e, "no access token"),
            )
            .ok()?;
        let access = AccessToken::new(std::str::from_utf8(&secret).ok()?).ok()?;
        self.wire.route(&account.meta_id, access)
    }
}
