#include "recovery/verify/survey.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "error/error.h"
#include "recovery/csv/content_walk.h"
#include "redis/beside.h"

namespace redkeep::recovery {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kSurveyRowsAtOnce = 1000;
constexpr std::int64_t kKeysBetweenReports = 5000;

// The content as it has to be; without expected keys where it has problems.
struct Prepared {
  ContentCheck check;
  ExpectedKeys expected;
};

Result<Prepared> prepare(const keys::KeySchema& schema, const std::string& directory,
                         const std::stop_token& stop) {
  auto check = check_content(directory, stop);
  if (!check) return check.error();
  Prepared prepared{std::move(*check), {}};
  if (prepared.check.problems.count > 0) return prepared;
  ContentWalk walk(schema, prepared.check, directory, WalkWords::Cut);
  for (;;) {
    if (stop.stop_requested()) return interrupted();
    const auto more = walk.next(kSurveyRowsAtOnce, prepared.expected);
    if (!more) return more.error();
    if (!*more) return prepared;
  }
}

// Either side that has failed ends the other one too.
redis::awaitable<Result<Prepared>> prepare_beside(const keys::KeySchema& schema,
                                                  std::string directory, std::stop_source& both) {
  const auto prepare_it = [&] { return prepare(schema, directory, both.get_token()); };
  auto prepared = co_await redis::beside(prepare_it);
  if (!prepared || prepared->check.problems.count > 0) both.request_stop();
  co_return prepared;
}

redis::awaitable<Status> look_beside(std::shared_ptr<redis::Connection> connection,
                                     const GraphClasses& classes, LookAt what,
                                     std::stop_source& both,
                                     std::function<void(const SeenKey&)> see) {
  Status looked = co_await look_at_graph(std::move(connection), classes, what, both.get_token(),
                                         std::move(see));
  if (!looked) both.request_stop();
  co_return looked;
}

}  // namespace

redis::awaitable<Result<Survey>> survey(std::shared_ptr<redis::Connection> connection,
                                        const keys::KeySchema& schema, const GraphClasses& classes,
                                        const ServerFacts& facts, SurveyOptions options,
                                        std::stop_token stop, ShowProgress progress) {
  using asio::experimental::awaitable_operators::operator&&;
  std::stop_source both;
  const std::stop_callback<std::function<void()>> asked(stop, [&both] { both.request_stop(); });
  SeenKeys seen;
  std::int64_t count = 0;
  const double all = static_cast<double>(std::max<std::int64_t>(facts.keys, 1));
  std::function<void(const SeenKey&)> see = [&](const SeenKey& key) {
    seen.add(key);
    if (++count % kKeysBetweenReports == 0 && progress) {
      progress({"comparing", count, static_cast<double>(count) / all, "keys"});
    }
  };
  const LookAt what{true, facts.any_ttl, options.most_share};
  auto [prepared, looked] =
      co_await (prepare_beside(schema, std::move(options.directory), both) &&
                look_beside(std::move(connection), classes, what, both, std::move(see)));
  if (prepared && prepared->check.problems.count > 0) {
    co_return Survey{std::move(prepared->check), {}, {}, 0};
  }
  if (const auto why = failure_of_either(prepared, looked)) co_return *why;
  Survey found;
  found.damage = compare(prepared->expected, seen);
  found.seen_keys = static_cast<std::int64_t>(seen.there().size() + seen.wrong_type().size());
  found.expected_keys = static_cast<std::int64_t>(prepared->expected.size());
  found.expected = std::move(prepared->expected);
  found.check = std::move(prepared->check);
  co_return found;
}

}  // namespace redkeep::recovery
