/// The engine, for programs that define GRAPNEL_SEPARATE_COMPILATION for all their sources: compile
/// this file once and link it. CMake's target grapnel::compiled does both.
#ifndef GRAPNEL_SEPARATE_COMPILATION
#error "define GRAPNEL_SEPARATE_COMPILATION for every source of the program, this one included"
#endif

#include <grapnel/grapnel.hpp>
#include <grapnel/schema/graph.hpp>
#include <grapnel/store/detail/engine/any_mutation.hpp>
#include <grapnel/store/detail/engine/cascade.hpp>
#include <grapnel/store/detail/engine/eager.hpp>
#include <grapnel/store/detail/engine/edge_changes.hpp>
#include <grapnel/store/detail/engine/edges.hpp>
#include <grapnel/store/detail/engine/hooks.hpp>
#include <grapnel/store/detail/engine/migrate.hpp>
#include <grapnel/store/detail/engine/mutation_core.hpp>
#include <grapnel/store/detail/engine/pending_rows.hpp>
#include <grapnel/store/detail/engine/reads.hpp>
#include <grapnel/store/detail/engine/row_lists.hpp>
#include <grapnel/store/detail/engine/run.hpp>
#include <grapnel/store/detail/engine/terminal.hpp>
#include <grapnel/store/detail/engine/transaction.hpp>
#include <grapnel/store/detail/engine/tx.hpp>
#include <grapnel/store/sqlite/driver.hpp>
