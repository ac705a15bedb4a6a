//! Registries that may be spoken to with TLS, their certificate unseen, and without.

use std::future::Future;
use std::pin::Pin;

use crate::error::{Code, Error, Result};
use crate::job::registry::traffic::{self, Sent};
use crate::job::registry::{Client, trust};
use crate::need::{Failure, FailureKind};
use crate::registry::trust::Trust;
use crate::registry::{Call, Endpoint, Response};

/// A future of its own, so that it is no part of that of every registry.
type Delivered<'b> = Pin<Box<dyn Future<Output = Result<(Endpoint, Response)>> + 'b>>;

impl Client<'_> {
    /// The first request to a registry that may be spoken to with TLS, its certificate unseen, and without: the second is tried where the first
    /// comes to nothing.
    pub(super) fn deliver_insecurely<'b>(
        &'b self,
        registry: &'b str,
        ways: Vec<Endpoint>,
        call: &'b Call,
        because: &'b str,
    ) -> Delivered<'b> {
        Box::pin(async move {
            let mut before: Option<(Endpoint, Sent)> = None;
            for mut endpoint in ways {
                if endpoint.https {
                    endpoint.trust = Trust { insecure: true, ..trust::of(self.desk, self.options, registry).await? };
                }
                let request = call.at(&endpoint, None);
                let sent = self.known.traffic.once(&endpoint.host, &request, because).await;
                let is_patient = match (before, &sent.answer) {
                    // What a TLS server says to plain HTTP, and what comes of speaking TLS to one without.
                    (None, Ok(response)) if !endpoint.https && response.status == 400 => {
                        before = Some((endpoint, sent));
                        continue;
                    }
                    (None, Err(failure)) if may_speak_otherwise(&endpoint, failure) => {
                        before = Some((endpoint, sent));
                        continue;
                    }
                    (None, _) => self.is_patient,
                    // It speaks neither: then the 400 was meant as it was said.
                    (Some((other, Sent { answer: Ok(refused), .. })), Err(failure)) if is_no_tls(failure) => return Ok((other, refused)),
                    // It speaks TLS: then what was said under TLS counts.
                    (Some((other, Sent { answer: Err(failure), .. })), answer)
                        if failure.kind == FailureKind::Tls && answer.as_ref().map_or(true, |response| response.status == 400) =>
                    {
                        return Err(traffic::unreachable(&other.host, &failure));
                    }
                    // One of them took its time already.
                    (Some((_, Sent { answer: Err(Failure { kind: FailureKind::Timeout, .. }), .. })), _) => false,
                    (Some(_), _) => self.is_patient,
                };
                let response = self.known.traffic.persist(&endpoint.host, request, sent, because, is_patient).await?;
                return Ok((endpoint, response));
            }
            Err(Error::new(Code::Internal, "no endpoint"))
        })
    }
}

/// Whether the other of both ways, with TLS and without, may lead there.
fn may_speak_otherwise(endpoint: &Endpoint, failure: &Failure) -> bool {
    match failure.kind {
        FailureKind::Certificate | FailureKind::Other => false,
        // Under one address there is nobody for the other one either, but names without a port have two.
        kind => endpoint.https || kind == FailureKind::Garbled,
    }
}

/// What TLS with a server that does not speak it comes to.
fn is_no_tls(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Garbled | FailureKind::Connect)
}
