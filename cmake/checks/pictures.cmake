# Renders the pictures of examples/README.md anew and compares them with those in its folder
# pictures/.
#
# The rule: both show the same elements in the same order, with the same texts, colours and bold
# type. Places and sizes are not looked at, for they differ with the fonts of the machine, nor is
# whatever else versions of Graphviz differ in; 2.43 and 16.1 agree on the rest.
#
# Takes: ROOT, PROGRAM (writes NAME.dot for each picture into the folder that it is given),
# WORK_DIR; UPDATE=ON writes the pictures into examples/pictures/ instead. Says "skipped" where
# there is no Graphviz.
cmake_policy(VERSION 3.24)
set(pictures "${ROOT}/examples/pictures")
find_program(GRAPNEL_DOT dot NO_CACHE)
if(NOT GRAPNEL_DOT AND UPDATE)
  message(FATAL_ERROR "There is no Graphviz (Debian: apt-get install graphviz)")
elseif(NOT GRAPNEL_DOT)
  message("skipped: no Graphviz (Debian: apt-get install graphviz)")
  return()
endif()

file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}")
execute_process(COMMAND "${PROGRAM}" "${WORK_DIR}" COMMAND_ERROR_IS_FATAL ANY)
file(GLOB drawn RELATIVE "${WORK_DIR}" "${WORK_DIR}/*.dot")
if(NOT drawn)
  message(FATAL_ERROR "${PROGRAM} draws nothing")
endif()
list(TRANSFORM drawn REPLACE "dot$" "svg")
foreach(picture IN LISTS drawn)
  string(REGEX REPLACE "svg$" "dot" text "${picture}")
  execute_process(COMMAND "${GRAPNEL_DOT}" -Tsvg "${text}" -o "${picture}"
    WORKING_DIRECTORY "${WORK_DIR}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
if(UPDATE)
  file(GLOB old "${pictures}/*.svg")
  if(old)
    file(REMOVE ${old})
  endif()
  list(TRANSFORM drawn PREPEND "${WORK_DIR}/" OUTPUT_VARIABLE new)
  file(COPY ${new} DESTINATION "${pictures}")
  return()
endif()

# Sets OUT to what the rule above looks at, an element a line.
function(read_picture file out)
  file(READ "${file}" svg)
  string(REGEX REPLACE "<[?!][^>]*>" "" svg "${svg}")  # comments too: they hold no bare >
  string(REGEX REPLACE " (class|fill|font-weight)=\"([^\"]*)\"" " \\1=\\2" svg "${svg}")
  string(REGEX REPLACE "[ \n][A-Za-z:-]+=\"[^\"]*\"" "" svg "${svg}")
  string(REGEX REPLACE ">[ \n]+" ">" svg "${svg}")
  string(REGEX REPLACE "[ \n]+<" "<" svg "${svg}")
  string(REPLACE "><" ">\n<" svg "${svg}")
  set(${out} "${svg}\n" PARENT_SCOPE)
endfunction()

file(GLOB kept RELATIVE "${pictures}" "${pictures}/*.svg")
set(problems "")
if(NOT kept STREQUAL drawn)
  set(problems "  there are ${kept}, and drawn are ${drawn}\n")
else()
  foreach(picture IN LISTS kept)
    read_picture("${pictures}/${picture}" is)
    read_picture("${WORK_DIR}/${picture}" should)
    while(NOT is STREQUAL should)  # say the first line that differs
      string(REGEX MATCH "^[^\n]*\n?" is_line "${is}")
      string(REGEX MATCH "^[^\n]*\n?" should_line "${should}")
      if(NOT is_line STREQUAL should_line)
        string(APPEND problems "  ${picture} has ${is_line}  in place of ${should_line}")
        break()
      endif()
      string(LENGTH "${is_line}" length)
      string(SUBSTRING "${is}" ${length} -1 is)
      string(SUBSTRING "${should}" ${length} -1 should)
    endwhile()
  endforeach()
endif()
if(problems)
  message(FATAL_ERROR "The pictures in examples/pictures/ are old:\n${problems}"
                      "  Run: cmake --build build/dev --target pictures")
endif()
