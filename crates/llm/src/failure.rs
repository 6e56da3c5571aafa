//! Why a model gave nothing that can be used.

use answer::ModelCall;

/// Kinds of failure; each has a stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// No model is configured for the role.
    NotConfigured,
    /// The token or money budget of the question, the user or the day does not cover the call.
    BudgetSpent,
    /// The time of the question is over.
    DeadlinePassed,
    /// The caller asked to stop.
    Stopped,
    /// No connection: name not found, refused, reset, TLS.
    Unreachable,
    /// The model's own time limit passed: connection, first byte or whole reply.
    TimedOut,
    /// The provider does not accept the key (401, 403), or the key cannot be read.
    KeyRefused,
    /// The provider says that the request is wrong (other 4xx).
    RequestRejected,
    /// The provider asks to slow down (429), beyond what could be waited for.
    RateLimited,
    /// The provider fails (5xx).
    Unavailable,
    /// What came back is not the provider's format.
    ReplyMalformed,
    /// The connection ended in mid-reply.
    CutOff,
    /// The reply ended at the limit of output tokens.
    Truncated,
    /// The reply is larger than we read.
    TooLarge,
    /// The reply does not fit the schema that was asked for, after repair.
    SchemaMismatch,
    /// The model or a content filter of the provider refused to reply.
    Declined,
    /// A transcript holds no reply to this request.
    NotInTranscript,
    /// The store of the day's spending cannot be read or written.
    LedgerUnusable,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::NotConfigured,
        Self::BudgetSpent,
        Self::DeadlinePassed,
        Self::Stopped,
        Self::Unreachable,
        Self::TimedOut,
        Self::KeyRefused,
        Self::RequestRejected,
        Self::RateLimited,
        Self::Unavailable,
        Self::ReplyMalformed,
        Self::CutOff,
        Self::Truncated,
        Self::TooLarge,
        Self::SchemaMismatch,
        Self::Declined,
        Self::NotInTranscript,
        Self::LedgerUnusable,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotConfigured => "model_not_configured",
            Self::BudgetSpent => "model_budget_spent",
            Self::DeadlinePassed => "model_deadline_passed",
            Self::Stopped => "model_stopped",
            Self::Unreachable => "model_unreachable",
            Self::TimedOut => "model_timed_out",
            Self::KeyRefused => "model_key_refused",
            Self::RequestRejected => "model_request_rejected",
            Self::RateLimited => "model_rate_limited",
            Self::Unavailable => "model_unavailable",
            Self::ReplyMalformed => "model_reply_malformed",
            Self::CutOff => "model_cut_off",
            Self::Truncated => "model_truncated",
            Self::TooLarge => "model_too_large",
            Self::SchemaMismatch => "model_schema_mismatch",
            Self::Declined => "model_declined",
            Self::NotInTranscript => "model_not_in_transcript",
            Self::LedgerUnusable => "model_ledger_unusable",
        }
    }

    /// Whether asking further models for this question is pointless: it was stopped, its time or its
    /// budget is over.
    pub fn ends_the_question(self) -> bool {
        matches!(
            self,
            Self::BudgetSpent | Self::DeadlinePassed | Self::Stopped | Self::LedgerUnusable
        )
    }

    /// What the user can do about it.
    fn hint(self) -> &'static str {
        match self {
            Self::NotConfigured => "name a model for this role under [models.roles] in retail.toml",
            Self::BudgetSpent => {
                "the answer without a model stands; raise [models.budget] in retail.toml if this happens often"
            }
            Self::DeadlinePassed => {
                "ask again, or raise `seconds` under [models.budget] in retail.toml"
            }
            Self::Stopped => "ask again",
            Self::Unreachable => {
                "check `url`, the network, `proxy` and `ca_file` of the provider in retail.toml"
            }
            Self::TimedOut => "ask again, or raise the provider's timeouts in retail.toml",
            Self::KeyRefused => {
                "check that `key_env` or `key_file` of the provider in retail.toml gives a valid key that may use this model"
            }
            Self::RequestRejected => "check the model's name and options in retail.toml",
            Self::RateLimited => {
                "wait, or name a second model for this role under [models.roles] in retail.toml"
            }
            Self::Unavailable => {
                "ask again, or name a second model for this role under [models.roles] in retail.toml"
            }
            Self::ReplyMalformed => {
                "check that `kind` and `url` of the provider in retail.toml belong together"
            }
            Self::CutOff => "ask again",
            Self::Truncated => {
                "ask for less at once, or raise `max_output_tokens` of the model in retail.toml"
            }
            Self::TooLarge => "ask for less at once",
            Self::SchemaMismatch => {
                "name a more capable model for this role under [models.roles] in retail.toml"
            }
            Self::Declined => "put the question in other words",
            Self::NotInTranscript => "record the transcript again with the model itself",
            Self::LedgerUnusable => {
                "free the folder of the spending ledger named in the message, or set XDG_CACHE_HOME"
            }
        }
    }
}

/// A call that gave nothing usable. The message holds no key and no text of the prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The kind.
    pub fault: Fault,
    /// What was wrong, and where (role, provider, model).
    pub message: String,
    /// Calls that were made all the same, oldest first; they cost what they say.
    pub calls: Vec<ModelCall>,
}

impl Failure {
    /// A failure before any call was made.
    pub fn new(fault: Fault, message: impl Into<String>) -> Self {
        Self {
            fault,
            message: message.into(),
            calls: Vec::new(),
        }
    }

    /// The same with the calls made so far.
    #[must_use]
    pub fn after(mut self, calls: Vec<ModelCall>) -> Self {
        self.calls = calls;
        self
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.fault.code()
    }

    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        self.fault.hint()
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
