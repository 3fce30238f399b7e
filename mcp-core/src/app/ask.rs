//! Questions to the client, in both eras.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context as Polling, Poll};

use super::connection::Connection;
use super::error::AskError;
use super::handler::PeerAnswer;
use crate::jsonrpc::RawJson;
use crate::session::Outgoing;

/// The answer to a question, to come.
///
/// In the legacy era the question leaves when this is first polled, and dropping it cancels the
/// question. In the modern era it is ready at once: with the answer, if the client has sent it
/// along, or else with [`AskError::InputRequired`].
#[must_use = "a question waits to be awaited"]
pub struct Ask<T>(State<T>);

/// Makes an answer of a result of the client's.
type Read<T> = Box<dyn FnOnce(&RawJson) -> Result<T, AskError> + Send>;

enum State<T> {
    Known(Result<T, AskError>),
    Unsent(Arc<Connection>, Outgoing, Read<T>),
    Sent(PeerAnswer, Read<T>),
    Done,
}

impl<T> Ask<T> {
    pub(super) const fn known(answer: Result<T, AskError>) -> Self {
        Self(State::Known(answer))
    }

    pub(super) fn request(
        connection: Arc<Connection>,
        request: Outgoing,
        read: impl FnOnce(&RawJson) -> Result<T, AskError> + Send + 'static,
    ) -> Self {
        Self(State::Unsent(connection, request, Box::new(read)))
    }

    /// A question that is on its way.
    pub(super) fn sent(
        answer: PeerAnswer,
        read: impl FnOnce(&RawJson) -> Result<T, AskError> + Send + 'static,
    ) -> Self {
        Self(State::Sent(answer, Box::new(read)))
    }

    /// Makes something else of the answer.
    #[cfg(feature = "schemars")]
    pub(super) fn then<U>(
        self,
        make: impl FnOnce(T) -> Result<U, AskError> + Send + 'static,
    ) -> Ask<U>
    where
        T: 'static,
    {
        Ask(match self.0 {
            State::Known(answer) => State::Known(answer.and_then(make)),
            State::Unsent(connection, request, read) => {
                State::Unsent(connection, request, Box::new(|json| read(json).and_then(make)))
            }
            State::Sent(answer, read) => {
                State::Sent(answer, Box::new(|json| read(json).and_then(make)))
            }
            State::Done => State::Done,
        })
    }

    /// Goes on until there is an answer, and keeps it.
    fn settle(&mut self, cx: &mut Polling<'_>) {
        if !matches!(self.0, State::Known(_))
            && let Poll::Ready(answer) = Pin::new(&mut *self).poll(cx)
        {
            self.0 = State::Known(answer);
        }
    }

    /// The answer it has settled on.
    fn take(&mut self) -> Result<T, AskError> {
        match core::mem::replace(&mut self.0, State::Done) {
            State::Known(answer) => answer,
            _ => panic!("an `Ask` was taken before it was ready"),
        }
    }

    fn progress(&self) -> Progress {
        match &self.0 {
            State::Known(Ok(_)) => Progress::Answered,
            State::Known(Err(AskError::InputRequired)) => Progress::Open,
            State::Known(Err(_)) => Progress::Failed,
            _ => Progress::Waiting,
        }
    }
}

/// How far a question has come; the later ones decide sooner about questions asked together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    Answered,
    Open,
    Waiting,
    Failed,
}

// Nothing in it is pinned in place.
impl<T> Unpin for Ask<T> {}

impl<T> Future for Ask<T> {
    type Output = Result<T, AskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Polling<'_>) -> Poll<Self::Output> {
        loop {
            match core::mem::replace(&mut self.0, State::Done) {
                State::Known(answer) => return Poll::Ready(answer),
                State::Unsent(connection, request, read) => {
                    self.0 = State::Sent(connection.peer().request(request), read);
                }
                State::Sent(mut answer, read) => {
                    let Poll::Ready(outcome) = answer.as_mut().poll(cx) else {
                        self.0 = State::Sent(answer, read);
                        return Poll::Pending;
                    };
                    return Poll::Ready(
                        outcome.map_err(AskError::Request).and_then(|it| read(&it)),
                    );
                }
                State::Done => panic!("an `Ask` was polled after it was ready"),
            }
        }
    }
}

impl<T> fmt::Debug for Ask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").finish_non_exhaustive()
    }
}

/// Questions that do not depend on each other: a tuple of two to six [`Ask`]s, or a `Vec`.
pub trait Questions: Unpin {
    /// Their answers, in the same order.
    type Answers;

    /// Goes on with all of them.
    #[doc(hidden)]
    fn poll_answers(&mut self, cx: &mut Polling<'_>) -> Poll<Result<Self::Answers, AskError>>;
}

/// Asks several questions at once and waits for all the answers.
///
/// In the legacy era the requests are sent together; in the modern era the questions go out in
/// one round. Asked one after the other, each would take a round of its own.
///
/// ```
/// use mcp_core::app::{CallError, Context, ask_all};
/// use mcp_core::model::{CreateMessageParams, SamplingMessage};
///
/// async fn describe(cx: Context) -> Result<String, CallError> {
///     let question = CreateMessageParams::new([SamplingMessage::user("Say hello.")], 50u64);
///     let (roots, greeting) =
///         ask_all((cx.list_roots("roots"), cx.sample("greeting", question))).await?;
///     Ok(format!("{} says hello to {} folders", greeting.model, roots.roots.len()))
/// }
/// ```
///
/// # Errors
/// The first [`AskError`]; questions that still wait for their answer are then cancelled. One
/// that says more than that an answer is missing comes first.
pub async fn ask_all<Q: Questions>(mut questions: Q) -> Result<Q::Answers, AskError> {
    poll_fn(|cx| questions.poll_answers(cx)).await
}

impl<T> Questions for Vec<Ask<T>> {
    type Answers = Vec<T>;

    fn poll_answers(&mut self, cx: &mut Polling<'_>) -> Poll<Result<Vec<T>, AskError>> {
        // Nothing is sent if one of them cannot be.
        if self.iter().all(|ask| ask.progress() != Progress::Failed) {
            self.iter_mut().for_each(|ask| ask.settle(cx));
        }
        let last = self.iter().map(Ask::progress).max();
        match last.unwrap_or(Progress::Answered) {
            Progress::Waiting => Poll::Pending,
            decided => {
                let asks = core::mem::take(self).into_iter();
                let is_it = |ask: &Ask<T>| ask.progress() == decided;
                Poll::Ready(asks.filter(is_it).map(|mut ask| ask.take()).collect())
            }
        }
    }
}

macro_rules! tuples_of_questions {
    ($(($($name:ident $index:tt),+))+) => {$(
        impl<$($name),+> Questions for ($(Ask<$name>,)+) {
            type Answers = ($($name,)+);

            fn poll_answers(
                &mut self,
                cx: &mut Polling<'_>,
            ) -> Poll<Result<Self::Answers, AskError>> {
                // Nothing is sent if one of them cannot be.
                if Progress::Failed != Progress::Answered$(.max(self.$index.progress()))+ {
                    $(self.$index.settle(cx);)+
                }
                let decided = Progress::Answered$(.max(self.$index.progress()))+;
                if decided == Progress::Waiting {
                    return Poll::Pending;
                }
                if decided != Progress::Answered {
                    $(if self.$index.progress() == decided {
                        self.$index.take()?;
                    })+
                }
                Poll::Ready(Ok(($(self.$index.take()?,)+)))
            }
        }
    )+};
}
tuples_of_questions! {
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
}
