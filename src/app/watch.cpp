#include "app/watch.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "keys/key_schema.h"
#include "redis/private_directory.h"

namespace redkeep::app {

Result<std::unique_ptr<Watch>> Watch::create(boost::asio::any_io_executor executor,
                                             const Settings& settings) {
  if (const auto warning = redis::who_else_may_use(settings.options.data_directory)) {
    spdlog::warn("{}", *warning);
  }
  std::unique_ptr<Watch> watch(new Watch);
  watch->executor_ = executor;
  auto guard = guard::Guard::create(executor, settings.options);
  if (!guard) return guard.error();
  watch->guard_ = std::move(*guard);
  watch->census_ = std::make_unique<guard::CensusKeeper>(
      executor, settings.options, watch->guard_->table(), watch->guard_->snapshot());
  if (!settings.http_listen.empty()) {
    http::ServerOptions options;
    options.listen = settings.http_listen;
    options.allowed_hosts = settings.http_hosts;
    watch->inspections_.settings = settings;
    watch->inspections_.every = settings.census_every;
    watch->inspections_.with_audits =
        settings.options.drift.background != DriftOptions::Background::Off;
    watch->inspector_ = std::make_unique<InspectionKeeper>(
        executor, settings, watch->guard_->table(), watch->guard_->snapshot(), watch->inspections_);
    const http::Shown shown{watch->guard_->snapshot(), watch->guard_->ledger(), watch->inspections_,
                            settings.options.pressure};
    auto server = http::Server::create(executor, options, shown);
    if (!server) return server.error();
    watch->http_ = std::move(*server);
  }
  if (!settings.options.data_directory.empty()) watch->open_journal(settings);
  return watch;
}

Watch::~Watch() {
  if (journal_) journal_->close();
}

// A guard without a journal is worth having all the same.
void Watch::open_journal(const Settings& settings) {
  auto opened = recovery::JournalOwner::open(executor_, settings.options, {});
  if (!opened) return guard_->journal().note_unusable(opened.error());
  journal_ = std::move(*opened);
  recovery::GraphWriter& writer = journal_->writer();
  if (writer.loss()) guard_->journal().note_loss(*writer.loss());
  guard_->journal().watch(
      {[&writer] { return writer.store_trouble(); }, [&writer] { return writer.held_up_by(); },
       [&writer] { return writer.is_catching_up() || writer.recovery().is_under_way(); }});
  guard_->bring_content_back_by(
      {[&writer] { return writer.is_in_use(); }, [&writer] { writer.start(); },
       [&writer] { return writer.has_content_back(); },
       [journal = journal_](std::int64_t room, std::stop_token stop) {
         return journal->restore_missing(room, std::move(stop));
       },
       "the data directory " + settings.options.data_directory,
       keys::KeySchema(settings.options.prefix).guard("position"),
       [&writer] { return writer.held_up_by(); }, [&writer] { return writer.recovery().what(); },
       [&writer] { return writer.recovery().take_report(); }});
}

boost::asio::awaitable<void> Watch::keep_journal(std::stop_token stop) {
  if (!journal_) co_return;
  journal_->start();
  co_await journal_->keep_short(stop);
  journal_->close();
}

std::string Watch::http_address() const { return http_ ? http_->address() : "off"; }

boost::asio::awaitable<void> Watch::run(std::stop_token stop) {
  using boost::asio::experimental::awaitable_operators::operator&&;
  if (http_) {
    co_await (guard_->run(stop) && census_->run(stop) && keep_journal(stop) &&
              inspector_->run(stop) && http_->run(stop));
  } else {
    co_await (guard_->run(stop) && census_->run(stop) && keep_journal(stop));
  }
}

}  // namespace redkeep::app
