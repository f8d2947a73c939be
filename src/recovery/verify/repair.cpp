#include "recovery/verify/repair.h"

#include <boost/asio/this_coro.hpp>

#include "error/error.h"
#include "recovery/verify/missing_keys.h"
#include "redis/stop_patience.h"

namespace redkeep::recovery {
namespace {

redis::awaitable<Result<RepairOutcome>> repair_over(std::shared_ptr<redis::Connection> connection,
                                                    const keys::KeySchema& schema, int database,
                                                    RepairOptions options, std::stop_token stop,
                                                    ShowProgress progress) {
  const auto classes = GraphClasses::create(schema.prefix());
  if (!classes) co_return classes.error();
  const auto facts = co_await ask_server_facts(connection, schema, database,
                                               options.configured_limit_bytes, stop, progress);
  if (!facts) co_return facts.error();
  if (!options.content_at && !options.despite_journal && !options.mend.dry_run) {
    const Status allowed = allow_content_without_journal(options.mend.directory, facts->position);
    if (!allowed) co_return allowed.error();
  }
  const auto content =
      co_await choose_content(options.content_at, options.mend.directory, facts->position);
  if (!content) co_return content.error();
  const Status same = require_same_journal(schema, facts->journal, *content);
  if (!same) co_return same.error();
  options.mend.directory = content->directory;
  const SurveyOptions what{options.mend.directory};
  auto looking = options.names_only
                     ? find_missing(connection, schema, what, stop, progress)
                     : survey(connection, schema, *classes, *facts, what, stop, progress);
  auto found = co_await std::move(looking);
  if (!found) co_return found.error();
  if (const Status left = leave_out_what_is_right(*content, found->damage); !left) {
    co_return left.error();
  }
  RepairOutcome outcome;
  if (found->check.problems.count > 0) {
    outcome.end = RepairEnd::BadContent;
    outcome.problems = found->check.problems;
    co_return outcome;
  }
  const bool is_dry = options.mend.dry_run;
  bool has_begun = false;
  auto mended = co_await mend(connection, schema, *classes, *found, std::move(options.mend), stop,
                              progress, has_begun);
  if (!mended) {
    co_return Error{mended.error().kind,
                    mended.error().message +
                        (has_begun ? "; what was written stays: the same command does the rest"
                                   : "; nothing was changed")};
  }
  outcome.mended = std::move(*mended);
  if (outcome.mended.changes_anything()) {
    outcome.end = is_dry ? RepairEnd::WouldRepair : RepairEnd::Repaired;
  }
  co_return outcome;
}

}  // namespace

redis::awaitable<Result<RepairOutcome>> repair(EndpointOptions endpoint, std::string prefix,
                                               RepairOptions options, std::stop_token stop,
                                               ShowProgress progress) {
  const keys::KeySchema schema(std::move(prefix));
  const int database = endpoint.database;
  auto opened = co_await redis::Connection::open(std::move(endpoint));
  if (!opened) co_return opened.error();
  const std::shared_ptr<redis::Connection> connection = std::move(*opened);
  // Apart: g++ 12 destroys twice what a lambda captures beside a co_await.
  const auto executor = co_await boost::asio::this_coro::executor;
  const redis::StopPatience patience(executor, stop, [connection] { connection->close(); });
  auto outcome = co_await repair_over(connection, schema, database, std::move(options), stop,
                                      std::move(progress));
  if (!outcome) co_return unless_stopped(outcome.error(), stop);
  co_return outcome;
}

std::string_view to_string(RepairEnd end) {
  switch (end) {
    case RepairEnd::NothingToDo: return "NothingToDo";
    case RepairEnd::Repaired: return "Repaired";
    case RepairEnd::WouldRepair: return "WouldRepair";
    case RepairEnd::BadContent: return "BadContent";
  }
  return "unknown";
}

}  // namespace redkeep::recovery
