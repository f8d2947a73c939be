#include "live/live_redis.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <algorithm>
#include <csignal>

namespace redkeep::test {
namespace {

// The server keeps what it has answered until it is read, so a pipeline is cut into parts.
constexpr std::size_t kPipelined = 1000;

std::string shown(const Command& command) {
  std::string text;
  for (const auto& word : command) text += (text.empty() ? "" : " ") + word.substr(0, 80);
  return text;
}

void append(redisContext* context, const Command& command) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const auto& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  redisAppendCommandArgv(context, static_cast<int>(words.size()), words.data(), sizes.data());
}

Command value_command(const std::string& type, const std::string& key) {
  if (type == "hash") return {"HGETALL", key};
  if (type == "set") return {"SMEMBERS", key};
  if (type == "list") return {"LRANGE", key, "0", "-1"};
  if (type == "zset") return {"ZRANGE", key, "0", "-1", "WITHSCORES"};
  return {"GET", key};
}

}  // namespace

struct Commands::Answer {
  int type = REDIS_REPLY_NIL;
  std::string text;
  std::int64_t integer = 0;
  std::vector<std::string> elements;

  static Answer from(const redisReply& reply) {
    Answer answer;
    answer.type = reply.type;
    answer.integer = reply.integer;
    if (reply.str != nullptr) answer.text.assign(reply.str, reply.len);
    for (std::size_t i = 0; i < reply.elements; ++i) {
      const redisReply& element = *reply.element[i];
      answer.elements.emplace_back(element.str == nullptr ? "" : element.str, element.len);
    }
    return answer;
  }
};

Commands::Commands(std::string socket_path) : socket_path_(std::move(socket_path)) {}

Commands::~Commands() { disconnect(); }

void Commands::disconnect() {
  if (context_ != nullptr) redisFree(context_);
  context_ = nullptr;
}

bool Commands::connect() {
  if (context_ != nullptr && context_->err == 0) return true;
  disconnect();
  std::signal(SIGPIPE, SIG_IGN);  // a server that was killed is found out by the answer
  const timeval patience{5, 0};
  context_ = redisConnectUnixWithTimeout(socket_path_.c_str(), patience);
  if (context_ == nullptr || context_->err != 0) return false;
  return redisSetTimeout(context_, timeval{20, 0}) == REDIS_OK;
}

// Fewer answers than commands mean that the connection failed on the way.
std::vector<Commands::Answer> Commands::exchange(const std::vector<Command>& commands) {
  std::vector<Answer> answers;
  if (!connect()) return answers;
  for (std::size_t start = 0; start < commands.size(); start += kPipelined) {
    const std::size_t end = std::min(commands.size(), start + kPipelined);
    for (std::size_t i = start; i < end; ++i) append(context_, commands[i]);
    for (std::size_t i = start; i < end; ++i) {
      void* raw = nullptr;
      if (redisGetReply(context_, &raw) != REDIS_OK) return answers;
      answers.push_back(Answer::from(*static_cast<redisReply*>(raw)));
      freeReplyObject(raw);
    }
  }
  return answers;
}

Commands::Answer Commands::one(const Command& command) {
  auto answers = exchange({command});
  if (answers.empty()) {
    ADD_FAILURE() << shown(command) << ": no answer from " << socket_path_;
    return {};
  }
  if (answers.front().type == REDIS_REPLY_ERROR) {
    ADD_FAILURE() << shown(command) << ": " << answers.front().text;
    return {};
  }
  return answers.front();
}

void Commands::run(const Command& command) { one(command); }

void Commands::run_all(const std::vector<Command>& commands) {
  const auto answers = exchange(commands);
  ASSERT_EQ(answers.size(), commands.size()) << "the connection to " << socket_path_ << " failed";
  for (std::size_t i = 0; i < answers.size(); ++i) {
    ASSERT_NE(answers[i].type, REDIS_REPLY_ERROR) << shown(commands[i]) << ": " << answers[i].text;
  }
}

std::string Commands::text(const Command& command) { return one(command).text; }
std::int64_t Commands::integer(const Command& command) { return one(command).integer; }
std::vector<std::string> Commands::list(const Command& command) { return one(command).elements; }

std::string Commands::error(const Command& command) {
  const auto answers = exchange({command});
  if (answers.empty()) return "no connection";
  return answers.front().type == REDIS_REPLY_ERROR ? answers.front().text : "";
}

std::vector<std::string> Commands::keys(const std::string& glob) {
  auto found = list({"KEYS", glob});
  std::sort(found.begin(), found.end());
  return found;
}

Contents Commands::contents() {
  const auto names = keys();
  std::vector<Command> ask;
  for (const auto& key : names) {
    ask.push_back({"TYPE", key});
    ask.push_back({"PTTL", key});
  }
  const auto kinds = exchange(ask);
  EXPECT_EQ(kinds.size(), ask.size());
  if (kinds.size() != ask.size()) return {};
  ask.clear();
  for (std::size_t i = 0; i < names.size(); ++i) {
    ask.push_back(value_command(kinds[2 * i].text, names[i]));
  }
  auto values = exchange(ask);
  EXPECT_EQ(values.size(), ask.size());
  Contents contents;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string& type = kinds[2 * i].text;
    auto& members = values[i].elements;
    if (type == "hash") {
      for (std::size_t k = 0; k + 1 < members.size(); k += 2) members[k] += "=" + members[k + 1];
      for (std::size_t k = 1; k < members.size(); ++k) members.erase(members.begin() + k);
    }
    if (type == "hash" || type == "set") std::sort(members.begin(), members.end());
    std::string shown_value = type + (kinds[2 * i + 1].integer < 0 ? "" : " with a TTL");
    if (type == "string") shown_value += "\n" + values[i].text;
    for (const auto& member : members) shown_value += "\n" + member;
    contents[names[i]] = shown_value;
  }
  return contents;
}

std::string Commands::info(const std::string& field) {
  const std::string all = "\n" + text({"INFO", "everything"});
  const auto start = all.find("\n" + field + ":");
  if (start == std::string::npos) return {};
  const auto value = start + field.size() + 2;
  return all.substr(value, all.find('\r', value) - value);
}

std::int64_t Commands::info_number(const std::string& field) {
  const std::string value = info(field);
  return value.empty() ? 0 : std::stoll(value);
}

double Commands::usage_pct() {
  const auto used = info_number("used_memory") - info_number("mem_not_counted_for_evict");
  return 100.0 * static_cast<double>(used) / static_cast<double>(info_number("maxmemory"));
}

std::int64_t Commands::existing(const std::vector<std::string>& keys) {
  std::vector<Command> ask;
  for (const auto& key : keys) ask.push_back({"EXISTS", key});
  std::int64_t sum = 0;
  for (const auto& answer : exchange(ask)) sum += answer.integer;
  return sum;
}

LiveRedis::LiveRedis(std::vector<std::string> arguments)
    : Commands(path() + "/redis.sock"), arguments_(std::move(arguments)) {
  start();
}

void LiveRedis::start() {
  Process::Start how;
  how.executable = "redis-server";
  how.arguments = {"--port", "0", "--unixsocket", socket_path(), "--save", "", "--dir", path()};
  how.arguments.insert(how.arguments.end(), arguments_.begin(), arguments_.end());
  const char* places = std::getenv("PATH");
  how.environment = {{"PATH", places == nullptr ? "/usr/bin" : places}};
  how.directory = path();
  how.out_file = how.err_file = path() + "/redis.log";
  process_ = std::make_unique<Process>(how);
  const bool serves = eventually([this] {
    const std::string answer = error({"PING"});
    return answer.empty() || answer.starts_with("NOAUTH");
  });
  ASSERT_TRUE(serves) << read_file(how.out_file);
}

void LiveRedis::kill() {
  disconnect();
  process_->signal(SIGKILL);
  ASSERT_TRUE(process_->wait(std::chrono::seconds{10}).has_value());
}

EndpointOptions LiveRedis::endpoint() const {
  EndpointOptions endpoint;
  endpoint.unix_path = socket_path();
  return endpoint;
}

std::string LiveRedis::url(const std::string& user) const {
  return "unix://" + (user.empty() ? "" : user + "@") + socket_path();
}

}  // namespace redkeep::test
