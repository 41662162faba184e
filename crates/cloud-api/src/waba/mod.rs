//! WhatsApp Business Accounts: themselves, who may use them, where their webhooks go, what they did.

mod account;
mod analytics;
mod app;
mod health;
mod portfolio;
mod subscription;

pub use account::{WABA_FIELDS, Waba, WabaOwner};
pub use analytics::{
    Analytics, AnalyticsFilter, AnalyticsPoint, AnalyticsRange, CallAnalytics, CallPoint, ClickCount,
    ConversationAnalytics, ConversationPoint, ConversationSeries, CostFigure, Granularity, GroupAnalytics,
    GroupPoint, InsightsQuery, PricingAnalytics, PricingPoint, PricingSeries, TemplateAnalytics,
    TemplatePoint,
};
pub use app::{AppSubscription, AppSubscriptionField, AppSubscriptionRequest};
pub use health::{CanSend, HealthEntity, HealthError, HealthStatus};
pub use portfolio::{AssignedUser, Portfolio};
pub use subscription::{CallbackOverride, SubscribedApp, SubscribedAppData};
