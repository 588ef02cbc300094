import { serve } from "../shared/server";
import { kubernetes } from "./kubernetes";

void serve(kubernetes);
