// redkeep up: a private Redis with content, guarded: everything in one command.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include "app/bring_content.h"
#include "app/command_line.h"
#include "app/exit_code.h"
#include "app/load_report.h"
#include "app/print_error.h"
#include "app/progress_line.h"
#include "app/watch.h"
#include "error/error.h"
#include "recovery/journal/data_directory.h"
#include "recovery/journal/present_content.h"
#include "recovery/load/snapshot_load.h"
#include "redis/pause.h"
#include "redis/private_server.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;

struct UpFlags {
  std::string data = "redkeep-data";
  std::uint16_t port = 6390;
  std::string maxmemory = "512MiB";
};

constexpr std::chrono::seconds kFirstBackoff{1};
constexpr std::chrono::seconds kLongestBackoff{30};
// A server that ran so long was fine; the next failure starts at the first backoff again.
constexpr std::chrono::minutes kWasFine{1};
// From the request to stop until the server has ended: five seconds are promised for everything.
constexpr std::chrono::milliseconds kAllStopped{4000};

// What came of beginning a server with the content as its snapshot.
struct SnapshotNews {
  std::optional<recovery::LoadOutcome> outcome;
  recovery::ContentProblems problems;  // of the CSV: nothing was begun
};

Result<recovery::LoadOutcome> check_and_stream(const std::string& directory,
                                               const std::string& prefix, std::int64_t most_bytes,
                                               recovery::SnapshotMark mark,
                                               const recovery::SnapshotSink& sink,
                                               const std::stop_token& stop, SnapshotNews& news) {
  const auto check = recovery::check_content(directory, stop);
  if (!check) return check.error();
  if (check->problems.count > 0) {
    news.problems = check->problems;
    return make_error(ErrorKind::InvalidInput, "the content has bad rows");
  }
  if (check->estimated_bytes > most_bytes || check->total_bytes > recovery::kMostSnapshotBytes) {
    return make_error(ErrorKind::Refused, "the content is too large for a snapshot");
  }
  return recovery::stream_snapshot(directory, *check, prefix, mark, sink, stop);
}

// A server that is new begins with the content: see snapshot_load. Where that does not work, it
// begins empty, and bring_content() loads it.
asio::awaitable<SnapshotNews> begin_with_content(redis::PrivateServer& server,
                                                 std::string directory, std::string prefix,
                                                 std::int64_t most_bytes,
                                                 recovery::SnapshotMark mark,
                                                 std::stop_token stop) {
  SnapshotNews news;
  std::optional<recovery::LoadOutcome> streamed;
  redis::PrivateServer::SnapshotSource source =
      [&](const std::function<Status(std::string_view)>& sink) -> Status {
    auto outcome = check_and_stream(directory, prefix, most_bytes, mark, sink, stop, news);
    if (!outcome) return outcome.error();
    streamed = std::move(*outcome);
    return Status{};
  };
  const Status started = co_await server.start_with(std::move(source), stop, {});
  if (started) {
    news.outcome = std::move(streamed);
  } else {
    spdlog::debug("no snapshot: {}", started.error().message);
  }
  co_return news;
}

// One that died before its first append-only file was there has nothing but the content.
asio::awaitable<Status> start_again(redis::PrivateServer& server, const Settings& settings,
                                    std::int64_t maxmemory_bytes, std::stop_token stop) {
  if (!server.is_new()) co_return co_await server.start(stop, {});
  const auto base = recovery::content_base(settings.options);
  if (base && !base->directory.empty()) {
    const auto news =
        co_await begin_with_content(server, base->directory, settings.options.prefix,
                                    maxmemory_bytes, recovery::SnapshotMark::GraphIsThere, stop);
    if (news.outcome) {
      spdlog::warn("nothing was on its disk yet: it began again with the content of {} alone",
                   printable(base->directory));
      co_return Status{};
    }
  }
  co_return co_await server.start(stop, {});
}

// Waits a backoff, which grows, and starts the server that has ended again.
asio::awaitable<Status> restart(redis::PrivateServer& server, const Settings& settings,
                                std::int64_t maxmemory_bytes, std::chrono::seconds& backoff,
                                std::stop_token stop) {
  spdlog::error("{}; it is started again in {} s", server.how_it_ended(), backoff.count());
  const auto until = std::chrono::steady_clock::now() + backoff;
  while (std::chrono::steady_clock::now() < until && !stop.stop_requested()) {
    co_await redis::pause_for(std::chrono::milliseconds{50});
  }
  backoff = std::min(backoff * 2, kLongestBackoff);
  if (stop.stop_requested()) co_return interrupted();
  const Status started = co_await start_again(server, settings, maxmemory_bytes, stop);
  if (started) spdlog::info("redis-server runs again");
  co_return started;
}

// A server that dies meanwhile is started again, as one that dies later.
asio::awaitable<Result<std::string>> bring_content_to(redis::PrivateServer& server,
                                                      const Settings& settings,
                                                      recovery::ContentBase base,
                                                      std::int64_t maxmemory_bytes,
                                                      std::stop_token stop) {
  constexpr std::chrono::milliseconds kUntilItIsGone{200};  // its connections end first
  std::chrono::seconds backoff = kFirstBackoff;
  for (;;) {
    auto content = co_await bring_content(settings, base, stop);
    if (content || stop.stop_requested()) co_return content;
    co_await redis::pause_for(kUntilItIsGone);
    if (!server.has_ended()) co_return content;
    const Status started = co_await restart(server, settings, maxmemory_bytes, backoff, stop);
    if (!started) co_return started.error();
  }
}

// Starts the server again whenever it ends, until asked to stop.
asio::awaitable<void> keep_running(redis::PrivateServer& server, const Settings& settings,
                                   std::int64_t maxmemory_bytes, std::stop_token stop) {
  std::chrono::seconds backoff = kFirstBackoff;
  while (!stop.stop_requested()) {
    const auto begun = std::chrono::steady_clock::now();
    while (!server.has_ended() && !stop.stop_requested()) {
      co_await redis::pause_for(std::chrono::milliseconds{50});
    }
    if (stop.stop_requested()) break;
    if (std::chrono::steady_clock::now() - begun > kWasFine) backoff = kFirstBackoff;
    const Status started = co_await restart(server, settings, maxmemory_bytes, backoff, stop);
    if (!started && !stop.stop_requested()) spdlog::error("{}", started.error().message);
  }
}

asio::awaitable<Status> start_server(redis::PrivateServer& server, std::stop_token stop) {
  ProgressLine line("");
  const std::function<void(const std::string&)> waiting = [&](const std::string& reason) {
    line.show(reason, 0, -1);
  };
  const Status started = co_await server.start(stop, waiting);
  line.clear();
  co_return started;
}

// What can be told before a server is started: that HTTP cannot be served, or that there is nothing
// to fill a new server with.
Status check_before_start(const Settings& settings, const std::string& content, bool is_new) {
  if (!settings.http_listen.empty()) {
    if (const Status free = http::Server::check(settings.http_listen); !free) return free;
  }
  if (!is_new || content.empty()) return {};
  const auto entities = recovery::EntityFile::open(content);
  return entities ? Status{} : Status{entities.error()};
}

// Who stops it before the content is there is told what becomes of it.
int stopped_early(const Error& error) {
  print_error("redkeep: {}\n", error.message);
  return 0;
}

Error not_begun() {
  return make_error(ErrorKind::Interrupted,
                    "stopped on request before the content was loaded: the next start loads it");
}

asio::awaitable<int> serve(redis::PrivateServer& server, Settings settings,
                           std::int64_t maxmemory_bytes, pid_t owner_before, bool& served,
                           std::stop_token stop) {
  const auto executor = co_await asio::this_coro::executor;
  const auto begun = std::chrono::steady_clock::now();
  const auto base = recovery::content_base(settings.options);
  const bool is_new = server.is_new();
  if (!base && is_new) co_return fail(base.error());
  // Of a server that has its data: it is needed only after the next loss.
  if (!base) spdlog::error("{}", base.error().message);
  const std::string directory = base ? base->directory : std::string{};
  const Status ready = check_before_start(settings, directory, is_new);
  if (!ready) co_return fail(ready.error());
  SnapshotNews news;
  if (!directory.empty() && is_new) {
    news = co_await begin_with_content(server, directory, settings.options.prefix, maxmemory_bytes,
                                       recovery::SnapshotMark::None, stop);
    if (news.problems.count > 0) co_return fail(not_loaded(directory, news.problems));
  }
  if (!news.outcome) {
    const Status started = co_await start_server(server, stop);
    if (!started && !stop.stop_requested()) co_return fail(started.error());
    if (!started) co_return directory.empty() || !is_new ? 0 : stopped_early(not_begun());
  }
  const EndpointOptions configured = std::exchange(settings.options.endpoint, server.endpoint());
  settings.options.endpoint.deadline = configured.deadline;
  settings.options.endpoint.connect_deadline = configured.connect_deadline;
  auto watch = Watch::create(executor, settings);
  if (!watch) co_return fail(watch.error());
  if (owner_before > 0) (*watch)->take_over_from(owner_before);
  fmt::print("Redis    {}\n", server.url());
  std::fflush(stdout);
  Result<std::string> content = std::string{};
  if (news.outcome) {
    content = describe_load_since(*news.outcome, begun);
  } else {
    const recovery::ContentBase begins_at = base ? *base : recovery::ContentBase{};
    content = co_await bring_content_to(server, settings, begins_at, maxmemory_bytes, stop);
  }
  if (!content)
    co_return stop.stop_requested() ? stopped_early(content.error()) : fail(content.error());
  fmt::print("content  {}\nHTTP     {}\n", *content, (*watch)->http_address());
  std::fflush(stdout);
  served = true;
  using asio::experimental::awaitable_operators::operator&&;
  co_await ((*watch)->run(stop) && keep_running(server, settings, maxmemory_bytes, stop));
  co_return 0;
}

asio::awaitable<int> run_private_server(asio::io_context& context, const Settings& settings,
                                        const UpFlags& flags, std::int64_t maxmemory_bytes,
                                        std::stop_token stop) {
  // A guard that owns it has a Redis of its own: nothing of ours goes into its directory.
  const Status is_free = recovery::DataDirectory::require_free(flags.data);
  if (!is_free) co_return fail(is_free.error());
  const auto lock = redis::DirectoryLock::take(flags.data);
  if (!lock) co_return fail(lock.error());
  redis::PrivateServerOptions options;
  options.data_directory = flags.data;
  options.port = flags.port;
  options.maxmemory_bytes = maxmemory_bytes;
  redis::PrivateServer server(context.get_executor(), options);
  std::optional<std::chrono::steady_clock::time_point> asked;
  const std::stop_callback note(stop, [&asked] { asked = std::chrono::steady_clock::now(); });
  bool served = false;
  const int code =
      co_await serve(server, settings, maxmemory_bytes, lock->owner_before(), served, stop);
  const auto now = std::chrono::steady_clock::now();
  co_await server.stop(asked.value_or(now) + kAllStopped - now);
  if (served && server.is_new()) {
    print_error(
        "redkeep: what Redis held could not be written to the disk of {} and is gone: the "
        "next start begins with the content alone; redis.log there says why\n",
        printable(flags.data));
  }
  co_return code;
}

int run_up(const CommandLine& line, const UpFlags& flags) {
  auto settings = start(line.flags);
  if (!settings) return fail(settings.error());
  // "" would stand for the root of the file system.
  if (flags.data.empty()) return fail(make_error(ErrorKind::InvalidInput, "--data: is empty"));
  const auto maxmemory = sizes::parse_bytes(flags.maxmemory);
  if (!maxmemory) return fail(within("--maxmemory", maxmemory.error()));
  constexpr std::int64_t kLeastBytes = 8 << 20;  // an empty redis-server takes one or two
  if (*maxmemory < kLeastBytes) {
    return fail(make_error(ErrorKind::InvalidInput, "--maxmemory must be at least 8MiB"));
  }
  settings->options.data_directory = flags.data;
  return run_to_end([&](asio::io_context& context, std::stop_token stop) {
    return run_private_server(context, *settings, flags, *maxmemory, stop);
  });
}

}  // namespace

void register_up(CommandLine& line) {
  auto* command = line.parser.add_subcommand(
      "up",
      "Start a private Redis, load content into it if it is empty, and guard it\n"
      "Example: redkeep up --content examples/site --maxmemory 1GiB");
  const auto flags = std::make_shared<UpFlags>();
  command->add_option("--data", flags->data, "Data directory (default: redkeep-data)");
  command->add_option("--content", line.flags.content,
                      "Content directory to load if Redis is empty");
  command->add_option("--port", flags->port, "Port on loopback (default: 6390)")
      ->check(CLI::Range(1, 65535));
  command->add_option("--maxmemory", flags->maxmemory, "Limit of the server (default: 512MiB)");
  command->add_option("--http", line.flags.http, "HOST:PORT for metrics and API, or \"off\"");
  command->add_option("--config", line.flags.config_file,
                      "Configuration (default: ./redkeep.toml, /etc/redkeep/redkeep.toml)");
  command->add_option("--prefix", line.flags.prefix, "Prefix of our keys (default: reed:)");
  command->add_option("--log-level", line.flags.log_level, "debug, info, warn or error");
  command->callback(
      [&line, flags] { line.action = [&line, flags] { return run_up(line, *flags); }; });
}

}  // namespace redkeep::app
