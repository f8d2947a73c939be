#pragma once
// A guard with its census, its HTTP server with what that tells of, and its journal, as `guard` and
// `up` run it.
#include <memory>
#include <stop_token>
#include <string>

#include "app/http/server.h"
#include "app/inspection_keeper.h"
#include "app/settings.h"
#include "guard/census_keeper.h"
#include "guard/guard.h"
#include "recovery/journal/journal_owner.h"

namespace redkeep::app {

class Watch {
 public:
  /// Fails if the HTTP address cannot be listened on or the classes make no sense.
  static Result<std::unique_ptr<Watch>> create(boost::asio::any_io_executor executor,
                                               const Settings& settings);

  /// "http://127.0.0.1:8390" or "off".
  std::string http_address() const;

  /// See Guard::take_over_from().
  void take_over_from(pid_t process) { guard_->take_over_from(process); }

  ~Watch();

  /// Until asked to stop; all parts have ended when it returns.
  boost::asio::awaitable<void> run(std::stop_token stop);

 private:
  Watch() = default;
  void open_journal(const Settings& settings);
  boost::asio::awaitable<void> keep_journal(std::stop_token stop);

  boost::asio::any_io_executor executor_;
  std::unique_ptr<guard::Guard> guard_;
  std::unique_ptr<guard::CensusKeeper> census_;
  Inspections inspections_;
  std::unique_ptr<InspectionKeeper> inspector_;  // none without HTTP: nobody would ask
  std::unique_ptr<http::Server> http_;
  std::shared_ptr<recovery::JournalOwner> journal_;  // none without a data directory of our own
};

}  // namespace redkeep::app
