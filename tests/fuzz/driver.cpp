// Runs a fuzz target over mutated seeds, the same ones every time.
//   fuzz_csv_reader [RUNS [SEED]]    prints the input on which the target died
//   fuzz_csv_reader FILE...          tries these inputs
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>
#include <string_view>

#include "fuzz/fuzz_target.h"

// The sanitizers end by abort(), too, so that the input is printed.
extern "C" const char* __asan_default_options() { return "abort_on_error=1"; }
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }

namespace {

using redkeep::fuzz::seeds;

std::string input;  // what the target is being tried with

void print_input(int) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "\nthe input, in hexadecimal digits:\n";
  for (const char c : input) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  text += '\n';
  static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
  std::signal(SIGABRT, SIG_DFL);
  std::raise(SIGABRT);
}

class Mutator {
 public:
  Mutator(std::vector<std::string> seeds, unsigned seed)
      : seeds_(std::move(seeds)), random_(seed) {}

  std::string next() {
    std::string text = some_seed();
    for (std::size_t left = 1 + below(6); left > 0; --left) mutate(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  const std::string& some_seed() { return seeds_[below(seeds_.size())]; }

  void mutate(std::string& text) {
    // What means something to a parser here or there.
    static constexpr std::array<std::string_view, 22> kPieces{
        "\"",   "\"\"", ",",        "\n",
        "\r\n", "\r",   "\\",       std::string_view("\0", 1),
        "\xFF", "\xC3", "\xE2\x82", "\xEF\xBB\xBF",
        "{",    "}",    "[",        "]",
        ":",    "-",    "0",        "9223372036854775808",
        "1e99", "null"};
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = std::min(text.size() - at, below(20));
    switch (below(7)) {
      case 0: text.insert(at, kPieces[below(kPieces.size())]); break;
      case 1:
        text.replace(at, std::min<std::size_t>(length, 1), kPieces[below(kPieces.size())]);
        break;
      case 2: text.erase(at, length); break;
      case 3: text.insert(at, text.substr(at, length)); break;
      case 4: text.resize(at); break;
      case 5: text.insert(at, some_seed().substr(0, below(60))); break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
    }
  }

  std::vector<std::string> seeds_;
  std::mt19937 random_;
};

void try_input() {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

bool is_number(const char* text) {
  return *text != '\0' &&
         std::string_view(text).find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, print_input);
  if (argc > 1 && !is_number(argv[1])) {
    for (int i = 1; i < argc; ++i) {
      std::ifstream in(argv[i], std::ios::binary);
      input.assign(std::istreambuf_iterator<char>(in), {});
      try_input();
    }
    return 0;
  }
  const int runs = argc > 1 ? std::atoi(argv[1]) : 10'000;
  for (const auto& seed : seeds()) {
    input = seed;
    try_input();
  }
  Mutator mutator(seeds(), argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1U);
  for (int run = 0; run < runs; ++run) {
    input = mutator.next();
    try_input();
  }
  std::printf("%d inputs\n", runs);
  return 0;
}
