#include "live/live_redis.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

namespace redkeep::test {
namespace {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using ReplyPointer = std::unique_ptr<redisReply, FreeReply>;

ReplyPointer send(redisContext* context, const LiveRedis::Command& command) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const auto& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  return ReplyPointer(static_cast<redisReply*>(
      redisCommandArgv(context, static_cast<int>(words.size()), words.data(), sizes.data())));
}

std::string as_text(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
  return reply.str == nullptr ? std::string() : std::string(reply.str, reply.len);
}

}  // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::seconds deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
    ::poll(nullptr, 0, 5);
  }
  return true;
}

TemporaryDirectory::TemporaryDirectory() {
  std::string path = (std::filesystem::temp_directory_path() / "redkeep-test-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) std::abort();
  path_ = path;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::write(const std::string& name, const std::string& text) const {
  const std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

LiveRedis::LiveRedis(Command arguments) : arguments_(std::move(arguments)) { start(); }

LiveRedis::~LiveRedis() { kill(); }

EndpointOptions LiveRedis::endpoint() const {
  EndpointOptions endpoint;
  endpoint.unix_path = directory_.path() + "/s";
  return endpoint;
}

std::string LiveRedis::url() const { return "unix://" + endpoint().unix_path; }

void LiveRedis::start() {
  Command words{"redis-server",
                "--port",
                "0",
                "--unixsocket",
                endpoint().unix_path,
                "--dir",
                directory_.path(),
                "--save",
                "",
                "--appendonly",
                "no",
                "--logfile",
                directory_.path() + "/log"};
  words.insert(words.end(), arguments_.begin(), arguments_.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  ASSERT_TRUE(eventually([&] {
    connect();
    return context_->err == 0 && answer({"PING"}) == "PONG";
  })) << "redis-server does not start";
}

void LiveRedis::connect() {
  if (context_ != nullptr) redisFree(context_);
  context_ = redisConnectUnix(endpoint().unix_path.c_str());
}

void LiveRedis::kill() {
  if (context_ != nullptr) redisFree(context_);
  context_ = nullptr;
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void LiveRedis::run(const Command& command) { static_cast<void>(text(command)); }

std::int64_t LiveRedis::integer(const Command& command) {
  const auto reply = send(context_, command);
  if (reply && reply->type == REDIS_REPLY_INTEGER) return reply->integer;
  ADD_FAILURE() << command.front() << ": " << (reply ? as_text(*reply) : "no reply");
  return 0;
}

std::string LiveRedis::text(const Command& command) {
  const auto reply = send(context_, command);
  if (reply && reply->type != REDIS_REPLY_ERROR) return as_text(*reply);
  ADD_FAILURE() << command.front() << ": " << (reply ? as_text(*reply) : "no reply");
  return {};
}

std::vector<std::string> LiveRedis::list(const Command& command) {
  const auto reply = send(context_, command);
  std::vector<std::string> texts;
  if (!reply || reply->type != REDIS_REPLY_ARRAY) {
    ADD_FAILURE() << command.front() << ": " << (reply ? as_text(*reply) : "no reply");
    return texts;
  }
  for (std::size_t i = 0; i < reply->elements; ++i) texts.push_back(as_text(*reply->element[i]));
  return texts;
}

std::string LiveRedis::answer(const Command& command) {
  const auto reply = send(context_, command);
  return reply ? as_text(*reply) : std::string("no reply");
}

std::vector<std::string> LiveRedis::keys() {
  auto found = list({"KEYS", "*"});
  std::sort(found.begin(), found.end());
  return found;
}

std::string LiveRedis::everything() {
  std::string lines;
  for (const auto& key : keys()) {
    const std::string type = text({"TYPE", key});
    std::string value;
    if (type == "string") {
      value = text({"GET", key});
    } else if (type == "set") {
      auto members = list({"SMEMBERS", key});
      std::sort(members.begin(), members.end());
      for (const auto& member : members) value += member + ' ';
    } else if (type == "hash") {
      const auto flat = list({"HGETALL", key});
      std::vector<std::string> fields;
      for (std::size_t i = 0; i + 1 < flat.size(); i += 2) {
        fields.push_back(flat[i] + '=' + flat[i + 1]);
      }
      std::sort(fields.begin(), fields.end());
      for (const auto& field : fields) value += field + ' ';
    }
    lines += key + " " + type + " " + text({"TTL", key}) + " " + value + "\n";
  }
  return lines;
}

}  // namespace redkeep::test
