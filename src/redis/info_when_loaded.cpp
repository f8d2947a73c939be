#include "redis/info_when_loaded.h"

#include "error/error.h"
#include "redis/pause.h"

namespace redkeep::redis {
namespace {

constexpr std::chrono::seconds kDeadline{10};
constexpr std::chrono::milliseconds kAskAgainAfter{200};

std::string describe_loading(const ServerInfo& info) {
  const auto percent = info.text("loading_loaded_perc");
  const auto left = info.count("loading_eta_seconds");
  std::string text = "waiting: the server is loading its data";
  if (percent) text += fmt::format(", {} %", *percent);
  if (left) text += fmt::format(", about {} s left", *left);
  return text;
}

}  // namespace

awaitable<Result<ServerInfo>> info_when_loaded(Connection& connection, std::stop_token stop,
                                               std::function<void(const std::string&)> waiting) {
  for (;;) {
    CommandBuffer ask;
    ask.add({"INFO"});
    const auto reply = co_await connection.exchange(ask, kDeadline);
    if (!reply) co_return reply.error();
    const auto text = reply->front().string();
    if (!text) co_return unexpected_reply("INFO", reply->front());
    auto info = ServerInfo::parse(*text);
    if (require_loaded(info)) co_return std::move(info);
    if (stop.stop_requested()) {
      co_return make_error(ErrorKind::Interrupted, "stopped on request; the server is loading");
    }
    if (waiting) waiting(describe_loading(info));
    co_await pause_for(kAskAgainAfter);
  }
}

}  // namespace redkeep::redis
